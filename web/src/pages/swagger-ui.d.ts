/** The part of Swagger UI that the documentation page uses; the package brings no types. */
declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  interface SwaggerOptions {
    dom_id: string;
    url: string;
    validatorUrl: string | null;
    deepLinking: boolean;
    displayRequestDuration: boolean;
    docExpansion: "list" | "full" | "none";
    defaultModelsExpandDepth: number;
    tryItOutEnabled: boolean;
    persistAuthorization: boolean;
  }
  export default function SwaggerUIBundle(options: SwaggerOptions): unknown;
}
