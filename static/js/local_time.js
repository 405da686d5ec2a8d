// Lets people write a time in their own zone where the form wants UTC: input[data-utc], with data-local-label for the
// label that is then true. What is sent stays UTC.

export function startIn(root) {
  for (const field of root.querySelectorAll("input[data-utc]")) watch(field);
}

function watch(field) {
  field.labels[0].firstChild.textContent = `${field.dataset.localLabel} `;
  if (field.value) field.value = localFromUtc(field.value);
  field.form.addEventListener("formdata", ({ formData }) => {
    if (field.value && !field.disabled) formData.set(field.name, utcFromLocal(field.value));
  });
}

/** "2026-11-14T07:40" (UTC) as the same moment on the reader's clock. */
export function localFromUtc(text) {
  const at = new Date(`${text}Z`);
  return new Date(at.valueOf() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** "2026-11-14T08:40" on the reader's clock as the same moment in UTC. */
export function utcFromLocal(text) {
  return new Date(text).toISOString().slice(0, 16);
}
