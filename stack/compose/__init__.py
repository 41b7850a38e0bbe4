"""What is different where the stack's services are containers of `docker-compose.flink.yml`?"""
