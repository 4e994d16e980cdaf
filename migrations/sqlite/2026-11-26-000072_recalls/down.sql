DROP TABLE recall_contact;
DROP TABLE recall;
