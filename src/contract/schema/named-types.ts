/** Avro as JSON. */
export type AvroSchema = Readonly<Record<string, unknown>>

/** A record type: its definition at the first use, its name at later uses, as Avro requires. */
export type NamedTypes = (name: string, doc: string, fields: () => readonly AvroSchema[]) => string | AvroSchema

export const namedTypes = (): NamedTypes => {
  const used = new Set<string>()
  return (name, doc, fields) => {
    if (used.has(name)) return name
    used.add(name)
    return { type: 'record', name, doc, fields: fields() }
  }
}
