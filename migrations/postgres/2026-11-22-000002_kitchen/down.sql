DROP TABLE kitchen_command;
DROP TABLE kitchen_ticket;
DROP TABLE kitchen_mark;
