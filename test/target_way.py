"""Where the page wants the dot to go, for whoever steers it in a test."""

#: Up (1), down (-1) or nowhere (0) from the cursor to the target; null without a stage.
WAY = """() => {
  const of = name => document.querySelector(`[data-testid=${name}]`);
  if (!of("stage")) return null;
  const [target, cursor] = [of("target"), of("cursor")];
  if (getComputedStyle(target).display === "none") return 0;
  const way = parseFloat(cursor.style.top) - parseFloat(target.style.top);
  return Math.abs(way) < 3 ? 0 : Math.sign(way);
}"""
