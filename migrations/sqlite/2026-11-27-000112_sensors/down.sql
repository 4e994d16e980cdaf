DROP TABLE sensor_doubt;
DROP TABLE temperature_slot;
