import { httpsReceiver } from '../../../egress/push/https.js'
import type { Receiver } from '../../../egress/push/receiver.js'
import { sftpReceiver } from '../../../egress/push/sftp.js'
import type { PushSettings } from '../../config/feeds/push-schema.js'

/** The receiver that the settings of a feed name. Its client is loaded when something is sent. */
export const receiverOf = (push: PushSettings): Receiver =>
  push.use === 'https' ? httpsReceiver(push) : sftpReceiver(push)
