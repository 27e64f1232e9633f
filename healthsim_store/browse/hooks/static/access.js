// What Datasette's own pages lack for a screen reader: a language, and names for the filters.
document.documentElement.lang ||= "en";
const NAMES = { _filter_column: "Column to filter by", _filter_op: "Comparison", _filter_value: "Value", _sort: "Sort by" };
for (const field of document.querySelectorAll("form.filters select, form.filters input")) {
  const name = NAMES[field.name.replace(/_\d+$/, "")];
  if (name && !field.labels.length) field.ariaLabel = name;
}
const editor = document.querySelector("#sql-editor");
if (editor && !editor.labels.length) editor.ariaLabel = "SQL";
// The small menus in the heads of columns are for a mouse; sorting and facets are links as well.
addEventListener("load", () => {
  for (const icon of document.querySelectorAll("svg:not([aria-label])")) {
    if (!icon.querySelector("title")) icon.ariaHidden = "true";
  }
});
