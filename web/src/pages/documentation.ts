import "swagger-ui-dist/swagger-ui.css";
import "../styles/documentation.css";
import SwaggerUIBundle from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { setUpSiteHeader } from "../ui/site-header";
import { followTheme } from "../ui/theme";

setUpSiteHeader();
followTheme((theme) => document.documentElement.classList.toggle("dark-mode", theme === "dark"));
SwaggerUIBundle({
  dom_id: "#swagger",
  url: "/openapi.json",
  validatorUrl: null, // the default asks a third party
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  persistAuthorization: false, // it would keep the token in localStorage
});
