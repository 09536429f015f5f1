import { z } from 'zod'
import { Secret, SecretUnreadable } from '../../../credentials/secret.js'
import { REFERENCE_FORMS } from './reference.js'

/** A reference to a secret, or text from the environment; `withSecrets` has made a `Secret` of it. */
export const secret = z.custom<Secret>((value) => value instanceof Secret, `a secret is written as ${REFERENCE_FORMS}`)

/** A secret whose text has to pass a check; one that cannot be read now passes. `fault`: what is wrong with a text. */
export const secretText = (fault: (text: string) => string | undefined) =>
  secret.superRefine((value, context) => {
    const text = readable(value)
    const message = text === undefined ? undefined : fault(text)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })

const readable = (value: Secret): string | undefined => {
  try {
    return value.read()
  } catch (cause) {
    if (cause instanceof SecretUnreadable) return undefined
    throw cause
  }
}

export const httpUrl = z
  .string()
  .refine((url) => URL.canParse(url) && /^https?:/.test(url), 'an address as https://host:port')
