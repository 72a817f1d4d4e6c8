"""The record to show a doctor: its numbers, its drawings, and how it is put on paper."""
