import type { Dimension } from '../../domain/dimensions.js'
import type { Row } from '../../domain/row.js'
import type { Zone } from '../../domain/zone.js'
import type { Figure } from './figure.js'

/** A row with what is shown beside it: the names that the configuration knows, by dimension. */
export type Shown = Readonly<{ row: Row; names: Readonly<Partial<Record<Dimension, string>>> }>

/** What a column of rows can show. `name` is what `--columns` takes; `head` is short. */
export type RowColumn = Readonly<{ name: string; head: string; doc: string }> &
  (
    | Readonly<{ kind: 'figure'; figure: Figure }>
    /** `value` is for programs, `text` for people. */
    | Readonly<{
        kind: 'text'
        value: (shown: Shown) => string | number | null
        text: (shown: Shown, zone: Zone) => string
        align?: 'right'
      }>
  )
