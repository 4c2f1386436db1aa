/** This build's id, written in by the build. */
declare const __BUILD__: string;

declare module "*.css";
