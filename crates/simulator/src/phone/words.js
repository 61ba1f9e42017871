// Every word of the page, in three languages.
export const LANGUAGES = { "pt-BR": "PT", en: "EN", es: "ES" };

const pt = {
  simulator: "simulador do Instagram",
  lead: "Mande um reel. Receba o vídeo e o que ele diz.",
  lead2: "O Instagram aqui é de mentira, o resto é de verdade: o mesmo programa baixa, ouve, resume e responde.",
  presence: "vídeo e resumo de cada reel",
  typing: "digitando…",
  write: "Mensagem ou link",
  send: "Enviar", samples: "Reels de exemplo", close: "Fechar", people: "Você é", newPerson: "Outra pessoa",
  inside: "O que acontece por dentro", theme: "Tema claro ou escuro", language: "Idioma", switchPerson: "Trocar de pessoa",
  helloTitle: "Oi! Manda um reel pra mim.",
  hello: "Eu assisto, devolvo o vídeo aqui e conto o que ele diz.",
  choose: "Escolher um reel",
  tray: "Reels de exemplo",
  modeShare: "Compartilhar", modePermalink: "Endereço", modeLink: "Colar link",
  helpShare: "Como o app faz hoje: a conta recebe a mídia.", helpPermalink: "A conta recebe só o endereço do post.", helpLink: "O link vai para a mensagem; você ainda pode escrever junto.",
  make: "Faça o seu", makeLabel: "O que o vídeo vai dizer? Em inglês, que é o que o reconhecedor da demonstração entende.", makeSend: "Gravar e enviar", making: "Gravando…", back: "Voltar",
  log: "O que acontece por dentro", noCalls: "Nada ainda. Mande algo e veja cada chamada chegar aqui.",
  clock: "Relógio do Instagram", hour: "+ 1 hora", day: "+ 25 horas",
  windowOpen: "Dá para responder por mais {0}.", windowClosed: "Passaram 24 horas da última mensagem: a conta não pode mais responder.", windowNone: "A conta pode responder por 24 horas depois de cada mensagem.",
  help: "Como experimentar", help1: "Toque em + e escolha um reel, ou cole um link.", help2: "Veja chegar: visto, digitando, o resumo e o vídeo.", help3: "Teste os difíceis: só música, 60 MB, privado, removido.",
  seen: "Visto", sent: "Enviada", today: "Hoje", yesterday: "Ontem", play: "Assistir ao reel de {0}", reelBy: "Reel de {0}", story: "Story", attachment: "Anexo", picture: "Imagem", video: "Vídeo", unsupported: "Este tipo de mensagem não aparece aqui.",
  failed: "Não deu para enviar: {0}", offline: "O simulador não responde. Ele ainda está rodando?",
  calls: { text: "Texto enviado", video: "Vídeo enviado", image: "Imagem enviada", audio: "Áudio enviado", seen: "Marcou como visto", typing: "Começou a digitar", typingOff: "Parou de digitar", upload: "Subiu um arquivo", readBack: "Releu a conversa", profile: "Leu o perfil", media: "Baixou a mídia", page: "Leu a página do post", speech: "Pediu a transcrição", chat: "Pediu o resumo", webhook: "Aviso entregue à conta", other: "Chamada", refused: "recusada" },
  what: { speech: "fala", long: "aula", injection: "truque", speech_music: "fala + música", music: "só música", silent: "silêncio", no_audio: "sem áudio", hd: "Full HD", big: "60 MB", carousel: "carrossel", image: "foto", moov_end: "índice no fim", webm: "webm", story: "story", hostile: "hostil", hostile_concat: "hostil", private: "privado", removed: "removido", login: "pede login", rate_limited: "limite" },
};

const en = {
  simulator: "Instagram simulator",
  lead: "Send a reel. Get the video and what it says.",
  lead2: "Only this Instagram is make-believe. The program behind it is the real one: it downloads, listens, sums up and answers.",
  presence: "video and summary of each reel",
  typing: "typing…",
  write: "Message or link",
  send: "Send", samples: "Sample reels", close: "Close", people: "You are", newPerson: "Someone else",
  inside: "What happens inside", theme: "Light or dark", language: "Language", switchPerson: "Change person",
  helloTitle: "Hi! Send me a reel.",
  hello: "I watch it, bring the video here and tell you what it says.",
  choose: "Choose a reel",
  tray: "Sample reels",
  modeShare: "Share", modePermalink: "Address", modeLink: "Paste link",
  helpShare: "As the app does it today: the account gets the media.", helpPermalink: "The account only gets the post's address.", helpLink: "The link goes into the message; you can still add words.",
  make: "Make your own", makeLabel: "What should the video say? In English: that is what the demo's recogniser understands.", makeSend: "Record and send", making: "Recording…", back: "Back",
  log: "What happens inside", noCalls: "Nothing yet. Send something and watch each call arrive here.",
  clock: "Instagram's clock", hour: "+ 1 hour", day: "+ 25 hours",
  windowOpen: "The account may answer for another {0}.", windowClosed: "24 hours have passed since the last message: the account may no longer answer.", windowNone: "The account may answer for 24 hours after each message.",
  help: "How to try it", help1: "Press + and choose a reel, or paste a link.", help2: "Watch it arrive: seen, typing, the summary and the video.", help3: "Try the hard ones: music only, 60 MB, private, removed.",
  seen: "Seen", sent: "Sent", today: "Today", yesterday: "Yesterday", play: "Watch the reel by {0}", reelBy: "Reel by {0}", story: "Story", attachment: "Attachment", picture: "Picture", video: "Video", unsupported: "This kind of message is not shown here.",
  failed: "Could not send: {0}", offline: "The simulator does not answer. Is it still running?",
  calls: { text: "Text sent", video: "Video sent", image: "Picture sent", audio: "Audio sent", seen: "Marked as seen", typing: "Started typing", typingOff: "Stopped typing", upload: "Uploaded a file", readBack: "Read the conversation back", profile: "Read the profile", media: "Downloaded the media", page: "Read the post's page", speech: "Asked for a transcript", chat: "Asked for a summary", webhook: "Event delivered to the account", other: "Call", refused: "refused" },
  what: { speech: "speech", long: "lesson", injection: "trick", speech_music: "speech + music", music: "music only", silent: "silence", no_audio: "no audio", hd: "Full HD", big: "60 MB", carousel: "carousel", image: "photo", moov_end: "index last", webm: "webm", story: "story", hostile: "hostile", hostile_concat: "hostile", private: "private", removed: "removed", login: "needs login", rate_limited: "rate limit" },
};

const es = {
  simulator: "simulador de Instagram",
  lead: "Manda un reel. Recibe el video y lo que dice.",
  lead2: "Solo este Instagram es de mentira. El programa es el de verdad: descarga, escucha, resume y responde.",
  presence: "video y resumen de cada reel",
  typing: "escribiendo…",
  write: "Mensaje o enlace",
  send: "Enviar", samples: "Reels de ejemplo", close: "Cerrar", people: "Eres", newPerson: "Otra persona",
  inside: "Qué pasa por dentro", theme: "Tema claro u oscuro", language: "Idioma", switchPerson: "Cambiar de persona",
  helloTitle: "¡Hola! Mándame un reel.",
  hello: "Lo veo, te traigo el video y te cuento lo que dice.",
  choose: "Elegir un reel",
  tray: "Reels de ejemplo",
  modeShare: "Compartir", modePermalink: "Dirección", modeLink: "Pegar enlace",
  helpShare: "Como lo hace hoy la app: la cuenta recibe el archivo.", helpPermalink: "La cuenta recibe solo la dirección de la publicación.", helpLink: "El enlace va al mensaje; todavía puedes escribir algo más.",
  make: "Haz el tuyo", makeLabel: "¿Qué dirá el video? En inglés: es lo que entiende el reconocedor de la demostración.", makeSend: "Grabar y enviar", making: "Grabando…", back: "Volver",
  log: "Qué pasa por dentro", noCalls: "Nada todavía. Manda algo y mira llegar cada llamada.",
  clock: "Reloj de Instagram", hour: "+ 1 hora", day: "+ 25 horas",
  windowOpen: "La cuenta puede responder por {0} más.", windowClosed: "Pasaron 24 horas desde el último mensaje: la cuenta ya no puede responder.", windowNone: "La cuenta puede responder durante 24 horas después de cada mensaje.",
  help: "Cómo probarlo", help1: "Pulsa + y elige un reel, o pega un enlace.", help2: "Mira llegar: visto, escribiendo, el resumen y el video.", help3: "Prueba los difíciles: solo música, 60 MB, privado, eliminado.",
  seen: "Visto", sent: "Enviado", today: "Hoy", yesterday: "Ayer", play: "Ver el reel de {0}", reelBy: "Reel de {0}", story: "Historia", attachment: "Adjunto", picture: "Imagen", video: "Video", unsupported: "Este tipo de mensaje no se muestra aquí.",
  failed: "No se pudo enviar: {0}", offline: "El simulador no responde. ¿Sigue en marcha?",
  calls: { text: "Texto enviado", video: "Video enviado", image: "Imagen enviada", audio: "Audio enviado", seen: "Marcó como visto", typing: "Empezó a escribir", typingOff: "Dejó de escribir", upload: "Subió un archivo", readBack: "Releyó la conversación", profile: "Leyó el perfil", media: "Descargó el archivo", page: "Leyó la página de la publicación", speech: "Pidió la transcripción", chat: "Pidió el resumen", webhook: "Aviso entregado a la cuenta", other: "Llamada", refused: "rechazada" },
  what: { speech: "habla", long: "clase", injection: "truco", speech_music: "habla + música", music: "solo música", silent: "silencio", no_audio: "sin audio", hd: "Full HD", big: "60 MB", carousel: "carrusel", image: "foto", moov_end: "índice al final", webm: "webm", story: "historia", hostile: "hostil", hostile_concat: "hostil", private: "privado", removed: "eliminado", login: "pide acceso", rate_limited: "límite" },
};

const ALL = { "pt-BR": pt, en, es };
let language = "pt-BR";

export const current = () => language;

export function speak(next) {
  language = ALL[next] ? next : "pt-BR";
  document.documentElement.lang = language;
}

/** The words for a key such as `seen` or `calls.text`; `{0}` is filled in. */
export function say(key, ...values) {
  const found = key.split(".").reduce((at, part) => at?.[part], ALL[language]) ?? key;
  return found.replace(/\{(\d)\}/g, (_, place) => values[place] ?? "");
}
