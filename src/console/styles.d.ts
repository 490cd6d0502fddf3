/** Style sheets are collected by the build; they export nothing. */
declare module "*.css";
