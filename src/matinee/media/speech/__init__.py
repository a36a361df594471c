"""Speech → words with times: the sound cut into windows, heard by a child process, joined again."""
