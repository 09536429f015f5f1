import { printable } from '../domain/printable.js'

/**
 * What the platform answered. `text` is the body as it came: numbers that JavaScript does not hold are only exact there.
 */
export type GenesysAnswer = Readonly<{ status: number; text: string; json: unknown }>

/** How the platform says that it refuses: `{ message, code, status, contextId, messageParams, details, errors }`. */
export type PlatformError = Readonly<{ code: string | undefined; reason: string; missing: readonly string[] }>

const REASON_MAX = 300

/** What the body of a refusal says; also of the token endpoint, which answers `error` and `description`. */
export const platformErrorIn = (text: string, status: number): PlatformError => {
  const body = jsonIn(text)
  const said = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {}
  const code = textIn(said, 'code') ?? textIn(said, 'error')
  const message = textIn(said, 'message') ?? textIn(said, 'error_description') ?? textIn(said, 'description')
  const context = textIn(said, 'contextId')
  const words = [`status ${status}`, code, message, context === undefined ? undefined : `context ${context}`]
  return {
    code,
    reason: printable(words.filter((each) => each !== undefined).join(', ')).slice(0, REASON_MAX),
    missing: missingPermissions(said, message ?? ''),
  }
}

/** `undefined` for what is no JSON. */
export const jsonIn = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A permission: `routing:queue:view`. */
const PERMISSION = /\b[A-Za-z]\w*:\w+:\w+\b/g

/** `messageParams.permissions` is `[routing:queue:view]` as text; the message ends with the same list. */
const missingPermissions = (said: Readonly<Record<string, unknown>>, message: string): readonly string[] => {
  const params = said['messageParams']
  const listed =
    typeof params === 'object' && params !== null
      ? textIn(params as Readonly<Record<string, unknown>>, 'permissions')
      : undefined
  return [...new Set((listed ?? message).match(PERMISSION) ?? [])]
}

const textIn = (body: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = body[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
