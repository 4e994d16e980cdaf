DROP TABLE welfare_step;
DROP TABLE welfare_case;
DROP TABLE senior_contact;
