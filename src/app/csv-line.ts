/** A line of CSV after RFC 4180: CRLF, fields quoted where they hold a comma, a quote or a line break. */
export const csvLine = (fields: readonly unknown[]): string => `${fields.map(field).join(',')}\r\n`

const field = (value: unknown): string => {
  if (value === undefined || value === null) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
