// The person seen from the side, facing right: a spine that bends with the measured angles.
// Pure geometry; angles are degrees from neutral, forward positive, and lengths are units of the drawing.

const HIP = { x: 128, y: 246 };
const TRUNK = 118;
const SEGMENTS = 28;
const SENSOR_AT = 0.78; // of the trunk's length: about the fourth thoracic vertebra
const HAND = { x: 206, y: 232 };
const UPPER_ARM = 60;
const FOREARM = 58;
const REACH = 92; // from the sensor to the needle's arc, along the upper back
const BAND_END_DEG = 45;
const ARC_START_DEG = -20;
const RAD = Math.PI / 180;

// Half widths of the trunk, back and front, from pelvis to shoulders; the outline is drawn with a
// stroke of twice ROUND, which rounds its corners.
const ROUND = 10;
const BACK = [13, 11, 8, 9, 12, 10, 3];
const FRONT = [15, 14, 12, 13, 15, 12, 3];

const smooth = (a, b, x) => {
  const t = Math.min(1, Math.max(0, (x - a) / (b - a)));
  return t * t * (3 - 2 * t);
};

function along(values, s) {
  const at = s * (values.length - 1);
  const i = Math.min(values.length - 2, Math.floor(at));
  return values[i] + (values[i + 1] - values[i]) * smooth(0, 1, at - i);
}

// The direction of the trunk at s (0 pelvis, 1 the seventh cervical vertebra), degrees from vertical.
function direction(s, upper, lower) {
  const own = 7 * Math.cos(2 * Math.PI * s); // the spine's own double curve
  return own + lower + (upper - lower) * smooth(0.05, SENSOR_AT, s);
}

// With one sensor the pelvis is unknown: a forward angle is drawn mostly as a bend, a backward one as a lean.
export function pelvis(upper, lower) {
  if (lower !== null && lower !== undefined) return lower;
  return upper < 0 ? 0.8 * upper : 0.2 * upper;
}

function spine(upper, lower) {
  const points = [{ ...HIP, s: 0, deg: direction(0, upper, lower) }];
  let { x, y } = HIP;
  for (let i = 1; i <= SEGMENTS; i++) {
    const s = i / SEGMENTS;
    const deg = direction(s - 0.5 / SEGMENTS, upper, lower);
    x += (TRUNK / SEGMENTS) * Math.sin(deg * RAD);
    y -= (TRUNK / SEGMENTS) * Math.cos(deg * RAD);
    points.push({ x, y, s, deg: direction(s, upper, lower) });
  }
  return points;
}

const f = (n) => n.toFixed(1);
const poly = (points) => points.map((p, i) => `${i ? "L" : "M"}${f(p.x)} ${f(p.y)}`).join("");

// A point beside the spine: positive offsets lie to the front.
const beside = (p, offset) => ({
  x: p.x + offset * Math.cos(p.deg * RAD),
  y: p.y + offset * Math.sin(p.deg * RAD),
});

function atSensor(points) {
  return points[Math.round(SENSOR_AT * SEGMENTS)];
}

// Where the needle of an angle stands: on the line of the upper back, beyond the head.
function needle(upper, lower) {
  const p = atSensor(spine(upper, lower));
  return { x: p.x + REACH * Math.sin(upper * RAD), y: p.y - REACH * Math.cos(upper * RAD) };
}

// Elbow of an arm whose hand stays where it is; bends down and back.
function elbow(shoulder, hand) {
  const dx = hand.x - shoulder.x;
  const dy = hand.y - shoulder.y;
  const d = Math.min(Math.hypot(dx, dy), UPPER_ARM + FOREARM - 0.5);
  const a = (UPPER_ARM ** 2 - FOREARM ** 2 + d * d) / (2 * d);
  const h = Math.sqrt(Math.max(0, UPPER_ARM ** 2 - a * a));
  return { x: shoulder.x + (a * dx - h * dy) / d, y: shoulder.y + (a * dy + h * dx) / d };
}

function outline(points) {
  const back = points.map((p) => beside(p, -along(BACK, p.s)));
  const front = points.map((p) => beside(p, along(FRONT, p.s))).reverse();
  return `${poly(back)}${poly(front).replace("M", "L")}z`;
}

// All the shapes of one moment.
export function pose(upper, lowerKnown) {
  const lower = pelvis(upper, lowerKnown);
  const points = spine(upper, lower);
  const top = points[SEGMENTS];
  // The eyes seek the horizon: the head comes forward with the back but turns only a little.
  const neckDeg = 14 + 0.75 * upper;
  const head = { x: top.x + 37 * Math.sin(neckDeg * RAD) + 4, y: top.y - 37 * Math.cos(neckDeg * RAD) };
  const shoulder = beside(points[Math.round(0.88 * SEGMENTS)], 4);
  const bend = elbow(shoulder, HAND);
  const sensor = atSensor(points);
  const low = points[Math.round(0.1 * SEGMENTS)];
  const place = (p, offset) => {
    const q = beside(p, offset);
    return `translate(${f(q.x)} ${f(q.y)}) rotate(${f(p.deg)})`;
  };
  return {
    torso: outline(points),
    neck: poly([beside(top, 1), { x: head.x - 4, y: head.y + 8 }]),
    head: `translate(${f(head.x)} ${f(head.y)}) rotate(${f(0.35 * upper)})`,
    arm: poly([shoulder, bend, HAND]),
    sensor: place(sensor, -along(BACK, sensor.s) - ROUND - 2),
    sensorLower: place(low, -along(BACK, low.s) - ROUND - 2),
    needle: needle(upper, lower),
  };
}

export const LEGS = `M${HIP.x} ${HIP.y}L208 248L214 312L236 314`;

export function neutralLine() {
  const points = spine(0, 0);
  const back = points.map((p) => beside(p, -along(BACK, p.s) - ROUND - 5));
  const top = needle(0, 0);
  return `${poly(back)}M${f(top.x)} ${f(top.y - 8)}L${f(top.x)} ${f(top.y + 10)}`;
}

// The arc that the needle runs on, from `from` to `to` degrees.
export function arc(from, to) {
  const points = [];
  for (let deg = from; deg <= to; deg += 1) points.push(needle(deg, pelvis(deg, null)));
  return poly(points);
}

export const arcs = (enter) => ({
  whole: arc(ARC_START_DEG, BAND_END_DEG),
  slouch: arc(enter, BAND_END_DEG),
});

// The slouch band: all that lies between the line of the threshold and the arc's end.
export function slouchBand(enter) {
  const foot = atSensor(spine(enter, pelvis(enter, null)));
  const end = atSensor(spine(BAND_END_DEG, pelvis(BAND_END_DEG, null)));
  return `M${f(foot.x)} ${f(foot.y)}${arc(enter, BAND_END_DEG).replace("M", "L")}L${f(end.x)} ${f(end.y)}z`;
}
