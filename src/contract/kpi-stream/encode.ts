import { familyNames, type FamilyName } from '../../domain/family.js'
import type { KpiEvent } from '../../domain/kpi-event.js'
import { unreachable } from '../../domain/unreachable.js'
import { ascendingIds } from '../../log/content-id.js'
import type { NewEvent, Position } from '../../log/event-log.js'
import { statementCodec } from '../completeness-codec.js'
import { rowCodec } from '../row-codec.js'
import { LEFT, MARKER, ROW_PREFIX } from './event-types.js'

/** The metadata of what is published: the schema that it was written with. */
const metadataOf = (fingerprint: string): Uint8Array => {
  let metadata = metadataBySchema.get(fingerprint)
  if (metadata === undefined)
    metadataBySchema.set(fingerprint, (metadata = Buffer.from(JSON.stringify({ schema: fingerprint }))))
  return metadata
}
const metadataBySchema = new Map<string, Uint8Array>()

/**
 * The events of a batch that goes through `position`, encoded once: these bytes are what every sink frames or renders.
 * Several batches may go through one position; their ids differ by `from`, which rises from batch to batch by at least
 * the number of its events.
 */
export const encodeKpiEvents = (
  tenant: string,
  generation: string,
  events: Iterable<KpiEvent>,
  position: Position,
  from = 0,
): readonly NewEvent[] => {
  const idAt = ascendingIds(Number(position), 'rows', tenant, generation)
  return Array.from(events, (event, index) => ({ id: idAt(from + index), ...encoded(event) }))
}

const encoded = (event: KpiEvent): Omit<NewEvent, 'id'> => {
  switch (event.kind) {
    case 'row': {
      const { row } = event
      const codec = rowCodec(row.family)
      return { type: rowTypes[row.family], data: codec.encodeFlat(row), metadata: metadataOf(codec.fingerprint) }
    }
    case 'interval-complete': {
      const codec = statementCodec('interval-complete')
      return { type: MARKER, data: codec.encode(event.marker), metadata: metadataOf(codec.fingerprint) }
    }
    case 'left':
      return { type: LEFT, data: Buffer.from(JSON.stringify(event.left)), metadata: Buffer.from('{}') }
    default:
      return unreachable(event)
  }
}

const rowTypes = Object.fromEntries(familyNames.map((family) => [family, `${ROW_PREFIX}${family}`])) as Readonly<
  Record<FamilyName, string>
>
