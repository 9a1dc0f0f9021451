"""The studio: pages in a browser on top of jobs, runs and the gallery; the browser is only a viewer."""
