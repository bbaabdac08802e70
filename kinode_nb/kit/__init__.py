"""What kit does with the files of a package: reads, checks, builds and zips a folder."""
