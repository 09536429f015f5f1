import { z } from 'zod'
import { sslSchema } from '../connections/kafka-connection-schema.js'
import { entraFaults, entraIdentityKeys } from '../connections/entra-identity.js'
import { httpUrl, secret } from '../secrets/secret-schema.js'
import type { SettingFault } from '../setting-fault.js'

/** What the stores of objects have in common. */
const ofEveryStore = {
  /** Before the key of every object; two sinks need two prefixes, none within the other. */
  prefix: z
    .string()
    .regex(/^[\w.=-]+(\/[\w.=-]+)*$/, 'names of letters, digits and . _ = - with / between, none at the ends')
    .refine((prefix) => !prefix.split('/').some((part) => part === '.' || part === '..'), 'no part may be . or ..')
    .default('streamvane'),
  /** A request that takes longer is given up; the outcome of a put is then unknown, and the sink connects again. */
  requestTimeoutMs: z.number().int().min(1).default(30_000),
}

export const s3Schema = z.strictObject({
  bucket: z.string().min(1),
  ...ofEveryStore,
  /** Default: AWS_REGION. */
  region: z.string().min(1).optional(),
  /** Of another store that speaks the protocol of S3, with conditional puts. Default: Amazon S3. */
  endpoint: httpUrl.optional(),
  /** `https://endpoint/bucket/key`. Default: with an endpoint. */
  pathStyle: z.boolean().optional(),
  /** Without these, the default chain of the AWS SDK: environment, profile, web identity, container, instance. */
  accessKeyId: z.string().min(1).optional(),
  secretAccessKey: secret.optional(),
  sessionToken: secret.optional(),
  /** Of the objects. Default: that of the bucket. */
  encryption: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('sse-s3') }),
      z.strictObject({
        kind: z.literal('sse-kms'),
        /** ARN, id or alias of the key. Default: the key that S3 keeps for the account. */
        keyId: z.string().min(1).optional(),
        /** One request to KMS for many objects. */
        bucketKey: z.boolean().default(true),
      }),
    ])
    .optional(),
  /** Authorities, and a client certificate, of an `https` endpoint. */
  ssl: sslSchema.optional(),
})

export const azureBlobSchema = z.strictObject({
  container: z.string().min(1),
  ...ofEveryStore,
  /** Names the account and holds its key, or a signature. In place of `endpoint`. */
  storageConnectionString: secret.optional(),
  /** `https://<account>.blob.core.windows.net`. */
  endpoint: httpUrl.optional(),
  /** Name of the account, with `accountKey`. Default: the first name of the endpoint. */
  account: z.string().min(1).optional(),
  accountKey: secret.optional(),
  /** A shared access signature, for container and service alike; rights `rcwl`. */
  sas: secret.optional(),
  /** Microsoft Entra ID: one of `clientSecret`, `federatedTokenFile`, `managedIdentity`. */
  identity: z.strictObject(entraIdentityKeys).optional(),
})

export type S3Settings = z.infer<typeof s3Schema>
export type AzureBlobSettings = z.infer<typeof azureBlobSchema>

export const s3Faults = ({ accessKeyId, secretAccessKey, ssl }: S3Settings): readonly SettingFault[] => [
  ...((accessKeyId === undefined) === (secretAccessKey === undefined)
    ? []
    : [{ path: ['accessKeyId'], message: 'accessKeyId and secretAccessKey go together' }]),
  ...(typeof ssl !== 'object' || (ssl.clientCertificateFile === undefined) === (ssl.clientKey === undefined)
    ? []
    : [{ path: ['ssl'], message: 'clientCertificateFile and clientKey go together' }]),
]

export const azureBlobFaults = (
  settings: AzureBlobSettings,
  env: Readonly<Record<string, string | undefined>> = process.env,
): readonly SettingFault[] => {
  const { storageConnectionString: connectionString, endpoint, accountKey, sas, identity } = settings
  const ways = [connectionString, accountKey, sas, identity].filter((way) => way !== undefined)
  if (ways.length !== 1)
    return [
      {
        path: ['storageConnectionString'],
        message: 'write one of storageConnectionString, accountKey, sas and identity: it says who writes',
      },
    ]
  const ofIdentity = identity === undefined ? [] : entraFaults(identity, env, '')
  if (ofIdentity.length > 0)
    return ofIdentity.map(({ key, message }) => ({ path: key === '' ? ['identity'] : ['identity', key], message }))
  return (connectionString === undefined) === (endpoint === undefined)
    ? [
        {
          path: ['endpoint'],
          message:
            connectionString === undefined
              ? 'write the address of the blob service, https://<account>.blob.core.windows.net'
              : 'the connection string names the account: remove endpoint',
        },
      ]
    : []
}
