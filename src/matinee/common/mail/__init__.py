"""Letters to users: written by features, sealed in a job, sent by SMTP or put into a folder."""
