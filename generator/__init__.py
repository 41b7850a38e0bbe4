"""Who swipes and when: population, history, load shape, rendering, paced replay into Kafka."""
