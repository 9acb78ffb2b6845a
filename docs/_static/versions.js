/* The switch between versions of this site: they are listed in versions.json, beside the folder that this one lies in. */
(async () => {
  const place = document.querySelector(".versions");
  const root = new URL(document.documentElement.dataset.content_root ?? "./", location.href);
  const answer = place && (await fetch(new URL("../versions.json", root)).catch(() => null)); // no list: from a disk, for example
  const listed = answer?.ok ? await answer.json().catch(() => []) : [];
  const known = Array.isArray(listed) ? listed.filter(({ version, folder }) => version && /^[\w.-]+$/.test(folder)) : [];
  if (!known.some(({ version }) => version !== place.dataset.version)) return;

  const own = decodeURIComponent(root.pathname.split("/").at(-2) ?? "");
  const select = document.createElement("select");
  for (const { version, folder } of known) {
    const text = folder === "latest" ? `${version} (${place.dataset.latest})` : version;
    select.append(new Option(text, folder, false, folder === own));
  }
  if (!known.some(({ folder }) => folder === own)) select.prepend(new Option(place.dataset.version, "", true, true));
  select.setAttribute("aria-label", place.firstChild.textContent.trim());
  place.querySelector("span").replaceWith(select);

  /* The same page in the other version where it has one, else its first. */
  select.addEventListener("change", async () => {
    if (!select.value) return;
    const other = new URL(`../${select.value}/`, root), page = new URL(location.pathname.slice(root.pathname.length), other);
    const there = await fetch(page, { method: "HEAD" }).catch(() => null);
    location.assign(there?.ok ? `${page}${location.hash}` : new URL("index.html", other));
  });
})();
