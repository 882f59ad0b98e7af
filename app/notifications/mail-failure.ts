/**
 * What a failed delivery means for the mail: the server will never take it (`refused`), it surely was not taken
 * (`not_sent`), or it was handed over and the answer got lost (`unknown`).
 */
export type MailFate = 'refused' | 'not_sent' | 'unknown'

/** A mail was not confirmed by the mail server; `cause` is what the server or the connection said. */
export class MailFailed extends Error {
  override readonly name = 'MailFailed'

  constructor(
    readonly fate: MailFate,
    cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** The parts of a mail library's error that tell how far a delivery came. */
interface DeliveryError {
  code?: unknown
  command?: unknown
  responseCode?: unknown
}

/**
 * Tells from an error what became of a mail.
 * @param handedOver whether the server had asked for the mail's content
 */
export function fateOf(error: unknown, handedOver: boolean): MailFate {
  const { code, command, responseCode } = error as DeliveryError
  // What the server says about this recipient or this content stays true; what it says about us (log-in, sender) is a
  // setting that the operator can correct.
  if (code === 'EENVELOPE' && command === 'API') return 'refused'
  if (typeof responseCode === 'number') {
    return responseCode >= 500 && (command === 'RCPT TO' || command === 'DATA') ? 'refused' : 'not_sent'
  }
  return handedOver ? 'unknown' : 'not_sent'
}
