import avro from 'avsc'

/**
 * Avro object container files, written block by block from data that are encoded already. (avsc's own encoder takes
 * values, and starts each file anew; we hold bare data and append to a file across restarts, for which its sync marker
 * must be kept.)
 */
export const SYNC_BYTES = 16

const headerType = avro.Type.forSchema({
  type: 'record',
  name: 'Header',
  namespace: 'org.apache.avro.file',
  fields: [
    { name: 'magic', type: { type: 'fixed', name: 'Magic', size: 4 } },
    { name: 'meta', type: { type: 'map', values: 'bytes' } },
    { name: 'sync', type: { type: 'fixed', name: 'Sync', size: SYNC_BYTES } },
  ],
})
const longType = avro.Type.forSchema('long')

/** The head of a file: schema as JSON, `meta` as extra text entries (names must not begin with `avro.`). */
export const containerHeader = (
  schema: object,
  sync: Uint8Array,
  meta: Readonly<Record<string, string>> = {},
): Buffer => {
  const entries = { ...meta, 'avro.schema': JSON.stringify(schema), 'avro.codec': 'null' }
  return headerType.toBuffer({
    magic: Buffer.from('Obj\u0001', 'latin1'),
    meta: Object.fromEntries(Object.entries(entries).map(([name, text]) => [name, Buffer.from(text)])),
    sync: Buffer.from(sync),
  })
}

/** One block of bare data; `sync` must be that of the file's head. */
export const containerBlock = (data: readonly Uint8Array[], sync: Uint8Array): Buffer => {
  const bytes = data.reduce((sum, datum) => sum + datum.length, 0)
  return Buffer.concat([longType.toBuffer(data.length), longType.toBuffer(bytes), ...data, sync])
}

/**
 * The sync marker of a file that begins with `head`, which must hold the whole header. Throws if it is no container
 * file.
 */
export const syncMarkerOf = (head: Uint8Array): Buffer => {
  const decoded: { value?: { magic: Buffer; sync: Buffer }; offset: number } = headerType.decode(
    Buffer.from(head.buffer, head.byteOffset, head.byteLength),
    0,
  )
  const { value, offset } = decoded
  if (value === undefined || offset < 0 || value.magic.toString('latin1') !== 'Obj\u0001')
    throw new Error('this is no Avro container file')
  return value.sync
}
