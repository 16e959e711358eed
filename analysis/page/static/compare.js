// Colours the comparison's figures by the reader's theme.
const dress = () => { study.about.palette = null; theme(); };
document.addEventListener("DOMContentLoaded", async () => {
  while (!window.Bokeh?.documents?.length) await new Promise((resolve) => setTimeout(resolve, 10));
  dress();
  darkMedia.addEventListener("change", dress);
  document.documentElement.dataset.ready = "yes";
});
