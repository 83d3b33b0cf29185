import { createRoot } from "react-dom/client";
import { App } from "./App";
import { listenToKeys } from "./keys/registry";
import { followVisibility } from "./live/stream";
import { Boundary } from "./shell/Boundary";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/list.css";
import "./styles/application.css";
import "./styles/tree.css";
import "./styles/forms.css";

listenToKeys();
followVisibility();

const place = document.getElementById("page");
if (place) {
  createRoot(place).render(
    <Boundary>
      <App />
    </Boundary>,
  );
}
