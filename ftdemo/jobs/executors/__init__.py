"""What runs a job: the queue asks an executor, which starts and watches its worker."""
