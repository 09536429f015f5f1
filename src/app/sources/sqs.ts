import { z } from 'zod'
import { lazySource } from '../../ingress/lazy-source.js'
import { secret } from '../config/secrets/secret-schema.js'
import type { SettingFault } from '../config/setting-fault.js'
import { sourceKind, type SourceContext, type SourceOf } from './source-kind.js'

const schema = z.strictObject({
  /** `https://sqs.<region>.amazonaws.com/<account>/<queue>`, or the same path at an endpoint of a VPC. */
  queueUrl: z
    .string()
    .refine(
      (url) => URL.canParse(url) && /^https?:\/\/[^/]+\/[^/]+\/[^/]+$/.test(url),
      'the URL of the queue, as https://sqs.<region>.amazonaws.com/<account>/<queue>',
    ),
  /** Default: that of the URL. */
  region: z.string().min(1).optional(),
  /** Default: the default chain of AWS (variables, profiles, the role of the pod, task or instance). */
  credentials: z
    .strictObject({ accessKeyId: z.string().min(1), secretAccessKey: secret, sessionToken: secret.optional() })
    .optional(),
  /** Requests for messages that are open at a time; each brings ten messages at most. */
  pollers: z.number().int().min(1).max(64).default(4),
  waitSeconds: z.number().int().min(1).max(20).default(20),
  /** Messages are hidden from others for so long, and again while the log does not take them. */
  visibilitySeconds: z.number().int().min(10).max(43_200).default(60),
})

type Settings = z.infer<typeof schema>

export const sqsKind = sourceKind({
  use: 'sqs',
  schema,
  faults: (settings) => faultsOf(settings),
  place: ({ settings }) => settings.queueUrl,
  open: ({ name, settings }, { logger, now }) =>
    lazySource(`sqs:${name}`, async () => {
      const { sqsSource } = await import('../../ingress/sqs/sqs-source.js')
      return sqsSource(optionsOf({ name, settings }, { logger, now }))
    }),
  look: async (source, context) => (await import('../../ingress/sqs/look.js')).lookAtSqs(optionsOf(source, context)),
})

const optionsOf = (
  { name, settings }: Pick<SourceOf<Settings>, 'name' | 'settings'>,
  { logger, now }: Pick<SourceContext, 'logger' | 'now'>,
) => ({ ...settings, region: regionOf(settings) ?? '', name, logger, now })

/** `https://sqs.eu-central-1.amazonaws.com/…` and `https://vpce-….sqs.eu-central-1.vpce.amazonaws.com/…` name theirs. */
const regionOf = ({ region, queueUrl }: Settings): string | undefined =>
  region ??
  /(?:^|\.)sqs\.([a-z0-9-]+)\.(?:vpce\.)?amazonaws\.com(?:\.cn)?$/.exec(new URL(queueUrl).hostname)?.[1] ??
  process.env['AWS_REGION'] ??
  process.env['AWS_DEFAULT_REGION']

const faultsOf = (settings: Settings): readonly SettingFault[] =>
  regionOf(settings) === undefined
    ? [{ path: ['region'], message: 'the URL of the queue names no region: write the region of the queue' }]
    : []
