"""The page that people explore a study with: one HTML file, drawn in the browser.

`payload` turns tables into numbers for it, `model` the best model into weights and points, `answer`
says what comes first, `plots` lays out the empty figures, `static/` fills and links them.
"""
