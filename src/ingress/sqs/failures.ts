import { SecretUnreadable } from '../../credentials/secret.js'
import type { ConnectionTrouble } from '../queues/refusals.js'
import type { SqsOptions } from './options.js'

/** What an error of the SDK means, in words that name the setting. */
export const sqsTrouble = (cause: unknown, { queueUrl, credentials }: SqsOptions): ConnectionTrouble => {
  const { name = '', message = String(cause) } = (cause ?? {}) as { name?: string; message?: string }
  const setting =
    credentials === undefined ? 'the credentials of the default chain of AWS, or write credentials' : 'credentials'
  if (CREDENTIALS.test(name))
    return {
      refused: true,
      words: `AWS refuses the credentials for ${queueUrl} (${name}: ${message}): check ${setting}`,
    }
  if (cause instanceof SecretUnreadable) return { refused: true, words: `${message}: check credentials` }
  if (/AccessDenied|KmsAccessDenied/.test(name))
    return {
      refused: true,
      words: `AWS does not let these credentials read ${queueUrl} (${name}: ${message}): allow sqs:ReceiveMessage, sqs:DeleteMessage, sqs:ChangeMessageVisibility and sqs:GetQueueAttributes, and kms:Decrypt where the queue is encrypted by a key of yours`,
    }
  if (/QueueDoesNotExist|NonExistentQueue|InvalidAddress/.test(name))
    return { refused: true, words: `there is no queue ${queueUrl} (${name}: ${message}): check queueUrl and region` }
  return { refused: false, words: `${queueUrl}: ${name === '' || name === 'Error' ? '' : `${name}: `}${message}` }
}

/** Codes of a wrong, unknown or expired key, of a wrong signature, and of a chain that finds none. */
const CREDENTIALS =
  /^(InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignatureException|IncompleteSignature|MissingAuthenticationToken\w*|ExpiredToken\w*|InvalidSecurity|CredentialsProviderError)$/
