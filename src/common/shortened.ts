/** A client's own text as a message shows it: an answer must not repeat a body of megabytes. */
export function shortened(text: string, most = 80): string {
  return text.length > most ? `${text.slice(0, most)}...` : text;
}
