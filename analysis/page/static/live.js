// Follows a running study: the server tells what its record has gained.
function follow(address) {
  const events = new EventSource(address), said = $("#live");
  const say = (text, on = false) => { said.textContent = text; said.classList.toggle("on", on); };
  events.onmessage = (event) => {
    const message = JSON.parse(event.data);
    for (const [id, html] of Object.entries(message.html ?? {})) {
      if (id === "meta") $("#meta").textContent = html;
      else document.getElementById(id).innerHTML = html;
    }
    update(message);
    if (message.no_model) $("#no-model").textContent = message.no_model;
    if (message.model) {
      for (const id of ["#side-by-side", "#model-figures"]) $(id).hidden = false;
      $("#no-model").hidden = true;
      startModel(message.model);
      theme();
    }
    if (message.state === "running") say("live", true); else say(message.state);
    document.documentElement.dataset.followed = message.state;
  };
  events.onerror = () => {
    const { followed } = document.documentElement.dataset;
    if (followed !== "ended") say(`${followed === "interrupted" ? "interrupted; " : ""}connection lost; trying again`);
    if (events.readyState === EventSource.CLOSED) setTimeout(follow, 1000, address); // it was no answer to go on from
  };
}
