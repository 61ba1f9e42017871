// Every word of the page, in three languages.
export const LANGUAGES = { "pt-BR": "PT", en: "EN", es: "ES" };

const pt = {
  simulator: "simulador do Instagram e do Telegram",
  lead: "Mande um reel. Receba o vídeo e o que ele diz.",
  lead2: "Só os dois telefones são de mentira, o resto é de verdade: o mesmo programa baixa, ouve, resume e responde.",
  presence: "vídeo e resumo de cada reel",
  typing: "digitando…", bot: "bot", start: "Começar", menu: "Menu", replies: "Respostas rápidas", questions: "Perguntas para começar",
  tgTitle: "O que este bot faz?", edited: "editada", forwarded: "Encaminhada de um canal", audio: "Áudio",
  write: "Mensagem ou link",
  send: "Enviar", samples: "Reels de exemplo", close: "Fechar", people: "Você é", newPerson: "Outra pessoa",
  inside: "O que acontece por dentro", theme: "Tema claro ou escuro", language: "Idioma", switchPerson: "Trocar de pessoa",
  helloTitle: "Oi! Manda um reel pra mim.",
  hello: "Eu assisto, devolvo o vídeo aqui e conto o que ele diz.",
  choose: "Escolher um reel",
  tray: "Reels de exemplo",
  modeShare: "Compartilhar", modePermalink: "Endereço", modeLink: "Colar link", modeForward: "Encaminhar", modeVideo: "Vídeo", modeVoice: "Voz",
  helpShare: "Como o app faz hoje: a conta recebe a mídia.", helpPermalink: "A conta recebe só o endereço do post.", helpLink: "O link vai para a mensagem; você ainda pode escrever junto.",
  helpForward: "O post de um canal, encaminhado para o bot.", helpVideo: "O arquivo do vídeo, direto na conversa.", helpVoice: "O som do vídeo como mensagem de voz.",
  make: "Faça o seu", makeLabel: "O que o vídeo vai dizer? Em inglês, que é o que o reconhecedor da demonstração entende.", makeSend: "Gravar e enviar", making: "Gravando…", back: "Voltar",
  log: "O que acontece por dentro", noCalls: "Nada ainda. Mande algo e veja cada chamada chegar aqui.",
  clock: "Relógio dos telefones", hour: "+ 1 hora", day: "+ 25 horas",
  windowOpen: "No Instagram, dá para responder por mais {0}.", windowClosed: "No Instagram passaram 24 horas da última mensagem: a conta não pode mais responder.", windowNone: "No Instagram, a conta pode responder por 24 horas depois de cada mensagem.",
  help: "Como experimentar", help1: "Toque em + num dos telefones e escolha um reel, ou cole um link.", help2: "Veja chegar: os passos, o resumo e o vídeo.", help3: "Teste os difíceis: só música, 60 MB, privado, removido.", help4: "Peça o mesmo reel no outro telefone: ele vem do trabalho já feito.",
  seen: "Visto", sent: "Enviada", today: "Hoje", yesterday: "Ontem", play: "Assistir ao reel de {0}", reelBy: "Reel de {0}", story: "Story", attachment: "Anexo", picture: "Imagem", video: "Vídeo", unsupported: "Este tipo de mensagem não aparece aqui.",
  failed: "Não deu para enviar: {0}", offline: "O simulador não responde. Ele ainda está rodando?",
  calls: { text: "Texto enviado", video: "Vídeo enviado", image: "Imagem enviada", audio: "Áudio enviado", seen: "Marcou como visto", typing: "Começou a digitar", typingOff: "Parou de digitar", upload: "Subiu um arquivo", readBack: "Releu a conversa", profile: "Leu o perfil", media: "Baixou a mídia", page: "Leu a página do post", speech: "Pediu a transcrição", chat: "Pediu o resumo", webhook: "Aviso entregue à conta", document: "Documento enviado", edit: "Editou a mensagem", deleted: "Apagou uma mensagem", tap: "Respondeu a um toque", setUp: "Configurou-se", other: "Chamada", refused: "recusada" },
  actions: { typing: "digitando…", upload_video: "enviando vídeo…", record_video: "gravando vídeo…", upload_document: "enviando arquivo…", upload_photo: "enviando foto…", upload_audio: "enviando áudio…", upload_voice: "enviando áudio…", record_voice: "gravando áudio…", record_audio: "gravando áudio…", choose_sticker: "escolhendo…", find_location: "procurando…", record_video_note: "gravando vídeo…", upload_video_note: "enviando vídeo…" },
  kinds: { video: "Vídeo", animation: "Animação", photo: "Imagem", audio: "Áudio", voice: "Mensagem de voz", document: "Arquivo" },
  what: { speech: "fala", long: "aula", injection: "truque", speech_music: "fala + música", music: "só música", silent: "silêncio", no_audio: "sem áudio", hd: "Full HD", big: "60 MB", carousel: "carrossel", image: "foto", moov_end: "índice no fim", webm: "webm", story: "story", hostile: "hostil", hostile_concat: "hostil", private: "privado", removed: "removido", login: "pede login", rate_limited: "limite" },
};

const en = {
  simulator: "Instagram and Telegram simulator",
  lead: "Send a reel. Get the video and what it says.",
  lead2: "Only the two phones are make-believe. The program behind them is the real one: it downloads, listens, sums up and answers.",
  presence: "video and summary of each reel",
  typing: "typing…", bot: "bot", start: "Start", menu: "Menu", replies: "Quick replies", questions: "Questions to begin with",
  tgTitle: "What can this bot do?", edited: "edited", forwarded: "Forwarded from a channel", audio: "Audio",
  write: "Message or link",
  send: "Send", samples: "Sample reels", close: "Close", people: "You are", newPerson: "Someone else",
  inside: "What happens inside", theme: "Light or dark", language: "Language", switchPerson: "Change person",
  helloTitle: "Hi! Send me a reel.",
  hello: "I watch it, bring the video here and tell you what it says.",
  choose: "Choose a reel",
  tray: "Sample reels",
  modeShare: "Share", modePermalink: "Address", modeLink: "Paste link", modeForward: "Forward", modeVideo: "Video", modeVoice: "Voice",
  helpShare: "As the app does it today: the account gets the media.", helpPermalink: "The account only gets the post's address.", helpLink: "The link goes into the message; you can still add words.",
  helpForward: "A channel's post, forwarded to the bot.", helpVideo: "The video file, straight into the chat.", helpVoice: "The video's sound as a voice message.",
  make: "Make your own", makeLabel: "What should the video say? In English: that is what the demo's recogniser understands.", makeSend: "Record and send", making: "Recording…", back: "Back",
  log: "What happens inside", noCalls: "Nothing yet. Send something and watch each call arrive here.",
  clock: "The phones' clock", hour: "+ 1 hour", day: "+ 25 hours",
  windowOpen: "On Instagram the account may answer for another {0}.", windowClosed: "On Instagram 24 hours have passed since the last message: the account may no longer answer.", windowNone: "On Instagram the account may answer for 24 hours after each message.",
  help: "How to try it", help1: "Press + on either phone and choose a reel, or paste a link.", help2: "Watch it arrive: the steps, the summary and the video.", help3: "Try the hard ones: music only, 60 MB, private, removed.", help4: "Ask for the same reel on the other phone: it comes from the finished work.",
  seen: "Seen", sent: "Sent", today: "Today", yesterday: "Yesterday", play: "Watch the reel by {0}", reelBy: "Reel by {0}", story: "Story", attachment: "Attachment", picture: "Picture", video: "Video", unsupported: "This kind of message is not shown here.",
  failed: "Could not send: {0}", offline: "The simulator does not answer. Is it still running?",
  calls: { text: "Text sent", video: "Video sent", image: "Picture sent", audio: "Audio sent", seen: "Marked as seen", typing: "Started typing", typingOff: "Stopped typing", upload: "Uploaded a file", readBack: "Read the conversation back", profile: "Read the profile", media: "Downloaded the media", page: "Read the post's page", speech: "Asked for a transcript", chat: "Asked for a summary", webhook: "Event delivered to the account", document: "Document sent", edit: "Edited the message", deleted: "Deleted a message", tap: "Answered a tap", setUp: "Set itself up", other: "Call", refused: "refused" },
  actions: { typing: "typing…", upload_video: "sending a video…", record_video: "recording a video…", upload_document: "sending a file…", upload_photo: "sending a photo…", upload_audio: "sending audio…", upload_voice: "sending audio…", record_voice: "recording audio…", record_audio: "recording audio…", choose_sticker: "choosing…", find_location: "looking…", record_video_note: "recording a video…", upload_video_note: "sending a video…" },
  kinds: { video: "Video", animation: "Animation", photo: "Picture", audio: "Audio", voice: "Voice message", document: "File" },
  what: { speech: "speech", long: "lesson", injection: "trick", speech_music: "speech + music", music: "music only", silent: "silence", no_audio: "no audio", hd: "Full HD", big: "60 MB", carousel: "carousel", image: "photo", moov_end: "index last", webm: "webm", story: "story", hostile: "hostile", hostile_concat: "hostile", private: "private", removed: "removed", login: "needs login", rate_limited: "rate limit" },
};

const es = {
  simulator: "simulador de Instagram y Telegram",
  lead: "Manda un reel. Recibe el video y lo que dice.",
  lead2: "Solo los dos teléfonos son de mentira. El programa es el de verdad: descarga, escucha, resume y responde.",
  presence: "video y resumen de cada reel",
  typing: "escribiendo…", bot: "bot", start: "Empezar", menu: "Menú", replies: "Respuestas rápidas", questions: "Preguntas para empezar",
  tgTitle: "¿Qué hace este bot?", edited: "editado", forwarded: "Reenviado de un canal", audio: "Audio",
  write: "Mensaje o enlace",
  send: "Enviar", samples: "Reels de ejemplo", close: "Cerrar", people: "Eres", newPerson: "Otra persona",
  inside: "Qué pasa por dentro", theme: "Tema claro u oscuro", language: "Idioma", switchPerson: "Cambiar de persona",
  helloTitle: "¡Hola! Mándame un reel.",
  hello: "Lo veo, te traigo el video y te cuento lo que dice.",
  choose: "Elegir un reel",
  tray: "Reels de ejemplo",
  modeShare: "Compartir", modePermalink: "Dirección", modeLink: "Pegar enlace", modeForward: "Reenviar", modeVideo: "Video", modeVoice: "Voz",
  helpShare: "Como lo hace hoy la app: la cuenta recibe el archivo.", helpPermalink: "La cuenta recibe solo la dirección de la publicación.", helpLink: "El enlace va al mensaje; todavía puedes escribir algo más.",
  helpForward: "La publicación de un canal, reenviada al bot.", helpVideo: "El archivo del video, directo en el chat.", helpVoice: "El sonido del video como mensaje de voz.",
  make: "Haz el tuyo", makeLabel: "¿Qué dirá el video? En inglés: es lo que entiende el reconocedor de la demostración.", makeSend: "Grabar y enviar", making: "Grabando…", back: "Volver",
  log: "Qué pasa por dentro", noCalls: "Nada todavía. Manda algo y mira llegar cada llamada.",
  clock: "Reloj de los teléfonos", hour: "+ 1 hora", day: "+ 25 horas",
  windowOpen: "En Instagram la cuenta puede responder por {0} más.", windowClosed: "En Instagram pasaron 24 horas desde el último mensaje: la cuenta ya no puede responder.", windowNone: "En Instagram la cuenta puede responder durante 24 horas después de cada mensaje.",
  help: "Cómo probarlo", help1: "Pulsa + en uno de los teléfonos y elige un reel, o pega un enlace.", help2: "Mira llegar: los pasos, el resumen y el video.", help3: "Prueba los difíciles: solo música, 60 MB, privado, eliminado.", help4: "Pide el mismo reel en el otro teléfono: viene del trabajo ya hecho.",
  seen: "Visto", sent: "Enviado", today: "Hoy", yesterday: "Ayer", play: "Ver el reel de {0}", reelBy: "Reel de {0}", story: "Historia", attachment: "Adjunto", picture: "Imagen", video: "Video", unsupported: "Este tipo de mensaje no se muestra aquí.",
  failed: "No se pudo enviar: {0}", offline: "El simulador no responde. ¿Sigue en marcha?",
  calls: { text: "Texto enviado", video: "Video enviado", image: "Imagen enviada", audio: "Audio enviado", seen: "Marcó como visto", typing: "Empezó a escribir", typingOff: "Dejó de escribir", upload: "Subió un archivo", readBack: "Releyó la conversación", profile: "Leyó el perfil", media: "Descargó el archivo", page: "Leyó la página de la publicación", speech: "Pidió la transcripción", chat: "Pidió el resumen", webhook: "Aviso entregado a la cuenta", document: "Documento enviado", edit: "Editó el mensaje", deleted: "Borró un mensaje", tap: "Respondió a un toque", setUp: "Se configuró", other: "Llamada", refused: "rechazada" },
  actions: { typing: "escribiendo…", upload_video: "enviando video…", record_video: "grabando video…", upload_document: "enviando archivo…", upload_photo: "enviando foto…", upload_audio: "enviando audio…", upload_voice: "enviando audio…", record_voice: "grabando audio…", record_audio: "grabando audio…", choose_sticker: "eligiendo…", find_location: "buscando…", record_video_note: "grabando video…", upload_video_note: "enviando video…" },
  kinds: { video: "Video", animation: "Animación", photo: "Imagen", audio: "Audio", voice: "Mensaje de voz", document: "Archivo" },
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
