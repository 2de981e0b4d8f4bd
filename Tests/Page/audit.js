// What is wrong with the page as it stands, for those who cannot see it, or not well. Returns a list of sentences.
() => {
  const found = [];
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const says = (element) => {
    const tag = element.tagName.toLowerCase();
    return `<${tag}${element.id ? ` id=${element.id}` : ""}${element.className?.baseVal ?? element.className ? ` class="${element.getAttribute("class")}"` : ""}>`;
  };
  const textOf = (id) => document.getElementById(id)?.textContent.trim() ?? "";
  const name = (element) => {
    const by = element.getAttribute("aria-labelledby");
    if (by) return by.split(/\s+/).map(textOf).join(" ").trim();
    if (element.getAttribute("aria-label")?.trim()) return element.getAttribute("aria-label").trim();
    if (element.labels?.length) return [...element.labels].map((label) => label.textContent.trim()).join(" ");
    if (element.matches("input, select, textarea")) return "";
    return element.textContent.trim();
  };

  const focusable = "a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex='-1'])";
  for (const element of document.querySelectorAll(`${focusable}, [role=meter], [role=img], section, aside, form[role]`)) {
    if (element.matches("section") && !element.hasAttribute("aria-labelledby")) continue;
    if (shown(element) && name(element) === "") found.push(`${says(element)} has no name`);
  }
  for (const element of document.querySelectorAll("[tabindex]")) {
    if (Number(element.getAttribute("tabindex")) > 0) found.push(`${says(element)} changes the focus order`);
  }
  for (const image of document.querySelectorAll("img")) {
    if (!image.hasAttribute("alt")) found.push(`${says(image)} has no alternative text`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) found.push(`two elements have the id ${id}`);
  for (const attribute of ["aria-labelledby", "aria-describedby", "for", "aria-controls"]) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(/\s+/)) {
        if (shown(element) && !document.getElementById(id)) found.push(`${says(element)} names ${id}, which is not there`);
      }
    }
  }
  if (!document.documentElement.lang) found.push("the page has no language");
  if (!document.title.trim()) found.push("the page has no title");
  for (const [selector, what] of [["main", "main part"], ["body > header", "header"], ["h1", "first heading"]]) {
    const count = document.querySelectorAll(selector).length;
    if (count !== 1) found.push(`the page has ${count} of: ${what}`);
  }
  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    if (!shown(heading)) continue;
    const own = Number(heading.tagName[1]);
    if (own > level + 1) found.push(`${says(heading)} skips a level after h${level}`);
    level = own;
  }
  for (const list of document.querySelectorAll("ul, ol")) {
    for (const child of list.children) if (child.tagName !== "LI") found.push(`${says(list)} holds ${says(child)}`);
  }
  for (const table of document.querySelectorAll("table")) {
    if (!table.caption) found.push("a table has no caption");
    for (const header of table.querySelectorAll("th")) if (!header.scope) found.push("a table header has no scope");
  }
  for (const element of document.querySelectorAll("[style]")) {
    if (!/^--share: [\d.]+;$/.test(element.getAttribute("style"))) found.push(`${says(element)} has a style of its own`);
  }

  // Contrast of all texts, as WCAG 2 computes it.
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return { channels: [red, green, blue], alpha: alpha / 255 };
  };
  const luminance = (channels) => {
    const [red, green, blue] = channels.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = (element) => {
    for (let up = element; up; up = up.parentElement) {
      const colour = parse(getComputedStyle(up).backgroundColor);
      if (colour.alpha === 1) return colour.channels;
    }
    return [255, 255, 255];
  };
  const contrast = (one, other) => {
    const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const reported = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !shown(element) || element.closest("noscript, option, title")) continue;
    const style = getComputedStyle(element);
    const colour = element instanceof SVGElement ? style.fill : style.color;
    const ratio = contrast(parse(colour).channels, ground(element));
    const kind = says(element).replace(/ id=[^ >]+/, "");
    if (ratio < 4.5 && !reported.has(kind)) {
      reported.add(kind);
      found.push(`${kind} has contrast ${ratio.toFixed(2)}: ${walker.currentNode.data.trim().slice(0, 40)}`);
    }
  }
  for (const control of document.querySelectorAll("input, select, textarea, .meter")) {
    if (!shown(control)) continue;
    const ratio = contrast(parse(getComputedStyle(control).borderTopColor).channels, ground(control.parentElement));
    if (ratio < 3) found.push(`the border of ${says(control)} has contrast ${ratio.toFixed(2)}`);
  }
  return found;
}
