"""A page that shows `/openapi.json` for reading, whole in itself: no script or style from elsewhere."""

PAGE = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Darkroom API</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222 }
  summary { cursor: pointer; padding: .3rem 0; font-family: ui-monospace, monospace }
  summary span { font-family: system-ui, sans-serif; color: #666 }
  .method { display: inline-block; width: 5rem; font-weight: 600 }
  details > div { border-left: 3px solid #ddd; margin: 0 0 1rem .3rem; padding-left: 1rem }
  pre { background: #f6f6f4; padding: .6rem; overflow: auto; font-size: 13px }
  h2 { text-transform: capitalize; border-bottom: 1px solid #ddd }
  td, th { text-align: left; padding-right: 1.2rem; vertical-align: top }
</style>
<h1>Darkroom API</h1>
<p>Made of <a href="/openapi.json">/openapi.json</a>.</p>
<main>Loading&hellip;</main>
<script>
const make = (tag, text, inside = []) => {
  const element = document.createElement(tag)
  if (text) element.textContent = text
  element.append(...inside)
  return element
}
const show = (schema, all, depth = 0) => {
  if (!schema || depth > 6) return "..."
  if (schema.$ref) return show(all[schema.$ref.split("/").pop()], all, depth + 1)
  if (schema.anyOf) return schema.anyOf.map(one => show(one, all, depth + 1)).find(one => one !== null) ?? null
  if (schema.type === "array") return [show(schema.items, all, depth + 1)]
  if (schema.properties) return Object.fromEntries(
    Object.entries(schema.properties).map(([name, one]) => [name, show(one, all, depth + 1)]))
  if (schema.type === "null") return null
  return schema.enum ? schema.enum.join(" | ") : schema.type ?? "any"
}
const row = parts => make("tr", "", parts.map(part => make("td", part)))
const operation = (path, method, said, all) => {
  const inside = make("div", "", [make("p", said.description)])
  if (said.parameters.length) inside.append(make("table", "", said.parameters.map(
    one => row([one.name, one.in + (one.required ? ", required" : ""), one.description ?? ""]))))
  for (const [type, content] of Object.entries(said.requestBody?.content ?? {}))
    inside.append(make("h4", "Body: " + type), make("pre", JSON.stringify(show(content.schema, all), null, 2)))
  for (const [status, answer] of Object.entries(said.responses)) {
    inside.append(make("h4", status + " " + answer.description))
    const schema = answer.content?.["application/json"]?.schema
    if (schema) inside.append(make("pre", JSON.stringify(show(schema, all), null, 2)))
  }
  const name = make("span", method.toUpperCase())
  name.className = "method"
  return make("details", "", [make("summary", "", [name, path + " ", make("span", said.summary)]), inside])
}
fetch("/openapi.json").then(answer => answer.json()).then(description => {
  const groups = new Map()
  for (const [path, methods] of Object.entries(description.paths))
    for (const [method, said] of Object.entries(methods)) {
      const group = said.tags[0]
      if (!groups.has(group)) groups.set(group, make("section", "", [make("h2", group)]))
      groups.get(group).append(operation(path, method, said, description.components.schemas))
    }
  document.querySelector("main").replaceChildren(...groups.values())
})
</script>
</html>
"""
