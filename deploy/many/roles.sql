-- Once, as an administrator of the server (the compose file does it when the database is made): the roles that
-- pages take on, which own nothing, and the login of the web processes. Set its password with \password.
CREATE ROLE plumbline_web NOLOGIN;
CREATE ROLE plumbline_door NOLOGIN;
CREATE ROLE plumbline_programme NOLOGIN;
GRANT plumbline_web, plumbline_door, plumbline_programme TO plumbline;
CREATE ROLE plumbline_pages LOGIN;
GRANT plumbline_web, plumbline_door, plumbline_programme TO plumbline_pages;
