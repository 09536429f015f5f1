import { rowKey, type Row } from '../../src/domain/row.js'

/** A row with the key that its dimensions give. */
export const keyed = (row: Omit<Row, 'key'>): Row => ({ ...row, key: rowKey(row) })
