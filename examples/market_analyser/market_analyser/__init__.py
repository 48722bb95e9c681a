"""A small market-data analyser: daily prices in CSV files in, indicators and a trial portfolio out."""
