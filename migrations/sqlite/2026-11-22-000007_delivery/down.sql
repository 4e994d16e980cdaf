DROP TABLE stop_event;
DROP TABLE delivery_stop;
DROP TABLE delivery_plan;
