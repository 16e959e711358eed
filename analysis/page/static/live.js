// Follows a running study: the server tells what its record has gained.
function follow(address) {
  const events = new EventSource(address), said = $("#live");
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
    const running = message.state === "running";
    said.textContent = running ? "live" : message.state;
    said.classList.toggle("on", running);
    document.documentElement.dataset.followed = message.state;
  };
  events.onerror = () => { said.textContent = "the server does not answer; trying again"; said.classList.remove("on"); };
}
