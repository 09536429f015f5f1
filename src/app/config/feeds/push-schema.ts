import { z } from 'zod'
import { sslSchema } from '../connections/kafka-connection-schema.js'
import { secret } from '../secrets/secret-schema.js'

/** Parts in braces of the names of files. */
export const FILE_NAME_PARTS = ['feed', 'number', 'date', 'from', 'to', 'version', 'kind', 'ext'] as const

const isFileName = (name: string): boolean =>
  !/[/\\\0]/.test(name) &&
  [...name.matchAll(/\{(\w*)\}/g)].every(([, part]) => (FILE_NAME_PARTS as readonly string[]).includes(part ?? ''))

const timeouts = {
  /** How long a connection, and then an answer, is waited for. */
  connectTimeoutMs: z.number().int().min(100).default(10_000),
  timeoutMs: z.number().int().min(100).default(60_000),
}

const httpsSchema = z.strictObject({
  use: z.literal('https'),
  /** Where files go; `{file}` is the name of the file, percent-encoded. */
  url: z.string().refine((url) => URL.canParse(url) && /^https?:/.test(url), 'an address as https://host/path/{file}'),
  method: z.enum(['PUT', 'POST']).default('PUT'),
  /** A bearer token, or name and password. */
  token: secret.optional(),
  username: z.string().min(1).optional(),
  password: secret.optional(),
  headers: z.record(z.string().regex(/^[\w-]+$/, 'letters, digits, _ and - only'), z.string()).default({}),
  ssl: sslSchema.default(true),
  gzip: z.boolean().default(false),
  /** Whether the address may be plain HTTP: whoever listens on the way then reads figures and token. */
  allowPlainHttp: z.boolean().default(false),
  ...timeouts,
})

const sftpSchema = z.strictObject({
  use: z.literal('sftp'),
  host: z.string().min(1),
  port: z.number().int().min(1).max(65_535).default(22),
  username: z.string().min(1),
  password: secret.optional(),
  /** Private key in OpenSSH or PEM form, usually `{ file: … }`. */
  privateKey: secret.optional(),
  privateKeyPassphrase: secret.optional(),
  /** Fingerprints of the host keys that are accepted, `SHA256:…` as `ssh-keygen -lf` prints them. */
  hostKeys: z.array(z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'SHA256:… as `ssh-keygen -lf` prints it')).min(1),
  /** The folder, relative to that of the user unless it begins with `/`. It must exist. */
  dir: z.string().min(1).default('.'),
  /** A file beside each file, with `.manifest.json` behind its name: range, number, reason, what is missing, hash. */
  manifest: z.boolean().default(true),
  ...timeouts,
})

export const pushSchema = z
  .discriminatedUnion('use', [httpsSchema.extend(ofEveryPush()), sftpSchema.extend(ofEveryPush())])
  .superRefine((push, context) => {
    for (const { path, message } of pushFaults(push)) context.addIssue({ code: 'custom', path: [...path], message })
  })

function ofEveryPush() {
  return {
    /** Version of the layout. */
    version: z.number().int().min(1),
    /** What one file holds: an interval, an hour or a local day. Default: an interval. */
    period: z.enum(['PT15M', 'PT30M', 'PT1H', 'P1D']).optional(),
    /** Deliveries begin with the period that starts then, or after. Default: when the feed first runs. */
    start: z.iso.datetime({ offset: true }).optional(),
    /** Periods that start then or later are not delivered; corrections of earlier ones are. */
    end: z.iso.datetime({ offset: true }).optional(),
    fileName: z
      .string()
      .min(1)
      .max(200)
      .refine(isFileName, `no / or \\; in braces one of ${FILE_NAME_PARTS.join(', ')}`)
      .refine((name) => name.includes('{number}'), 'a delivery has a file of its own: write {number} in the name')
      .default('{feed}_{from}_{number}.{ext}'),
  }
}

export type PushSettings = z.infer<typeof pushSchema>

type Fault = Readonly<{ path: readonly string[]; message: string }>

const pushFaults = (push: PushSettings): readonly Fault[] => {
  if (push.use === 'sftp')
    return push.password === undefined && push.privateKey === undefined
      ? [{ path: ['privateKey'], message: 'say how the user signs in: privateKey or password' }]
      : []
  const { url, allowPlainHttp, token, username, password } = push
  return [
    ...(url.startsWith('https:') || allowPlainHttp
      ? []
      : [{ path: ['url'], message: 'figures would be read on the way: an https address, or allowPlainHttp: true' }]),
    ...((username === undefined) === (password === undefined)
      ? []
      : [{ path: ['username'], message: 'username and password go together' }]),
    ...(token === undefined || username === undefined
      ? []
      : [{ path: ['token'], message: 'a token or a name and password, not both' }]),
  ]
}
