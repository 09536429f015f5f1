import type { Tone } from '../../../components/tone.js'

/** A dead letter as `GET …/dead-letters` answers it. */
export type Letter = Readonly<{
  id: string
  reason: string
  detail: string
  stage: 'ingress' | 'projector'
  origin: string
  receivedAt: string
  bytes: number
  state: 'open' | 'retried' | 'discarded'
  topic?: string
  decision?: Readonly<{ by?: string; why?: string; at?: string }>
  meaning: string
  remedy: string
  /** Whether a retry may take it in, once something has changed. */
  retry: boolean
}>

/** With its bytes: `GET …/dead-letters/{id}`, for auditors. */
export type LetterWithBytes = Letter & Readonly<{ rawBase64: string }>

export const letterTone: Readonly<Record<Letter['state'], Tone>> = { open: 'warn', retried: 'good', discarded: 'none' }

/** The bytes of a letter as text; JSON is laid out. What is no UTF-8 shows as replacement characters. */
export const textOf = (rawBase64: string): string => {
  const bytes = Uint8Array.from(atob(rawBase64), (char) => char.charCodeAt(0))
  const text = new TextDecoder().decode(bytes)
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
