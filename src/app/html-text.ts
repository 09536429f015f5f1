const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A value as text of a page, or of an attribute in quotes. */
export const htmlText = (value: string): string =>
  value.replace(/[&<>"']/g, (character) => escapes[character] as string)
