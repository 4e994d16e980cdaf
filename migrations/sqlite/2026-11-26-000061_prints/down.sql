DROP TABLE printed_order;
DROP TABLE print_run;
