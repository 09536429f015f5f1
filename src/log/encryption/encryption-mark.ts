import type { NewEvent } from '../event-log.js'

/** The first byte of the metadata of an encrypted event. No other begins so, because it is in no UTF-8. */
export const ENCRYPTED_MARK = 0xf5

/** Bytes that encryption may add to an event. */
export const ENCRYPTION_BYTES = 64

/** Whether an event is encrypted. */
export const isEncrypted = ({ metadata }: Pick<NewEvent, 'metadata'>): boolean => metadata[0] === ENCRYPTED_MARK
