# What a person reads in the chat. The tone follows pt-BR.

## Signs of life
received = ¡Recibido! Lo estoy viendo por ti.
received-audio = ¡Recibido! Lo estoy escuchando por ti.
part-of = { $n } de { $of }

## Conversation
help = ¡Hola! Mándame un reel o una publicación de Instagram (compártelo aquí o pega el enlace) y te devuelvo el video con un resumen de lo que dice. También sirven audios y videos enviados directamente.
too-many-links =
    { $left ->
        [one] Me quedo con los primeros { $taken } por ahora; falta 1. Mándamelo de nuevo cuando termine.
       *[other] Me quedo con los primeros { $taken } por ahora; faltan { $left }. Mándamelos de nuevo cuando termine.
    }
quota-used = Ya usaste tus { $limit } de hoy. Vuelvo a contar a medianoche, dentro de { $wait }.
quota-partly =
    { $left ->
        [one] Tu límite de hoy ({ $limit }) se acabó a la mitad: queda 1 fuera. Vuelvo a contar a medianoche, dentro de { $wait }.
       *[other] Tu límite de hoy ({ $limit }) se acabó a la mitad: quedan { $left } fuera. Vuelvo a contar a medianoche, dentro de { $wait }.
    }
wait-hours =
    { $n ->
        [one] cerca de 1 hora
       *[other] cerca de { $n } horas
    }
wait-minutes =
    { $n ->
        [one] 1 minuto
       *[other] { $n } minutos
    }
unsupported-profile = Ese enlace es de un perfil. Mándame uno de sus reels o publicaciones y lo veo.
unsupported-hashtag = Ese enlace es de un hashtag. Elige un reel o una publicación de ahí y mándamelo.
unsupported-story = No puedo abrir enlaces de historias. Mándame un reel, una publicación o el propio video.
unsupported-message = No puedo abrir ese mensaje. Mándame un reel, una publicación, un video o un audio.

## The answer
excerpts = Fragmentos principales (modo sin conexión):
caption-only = Esta vez sin escuchar el audio; el resumen sale del texto de la publicación:
music-only = Este solo tiene música. El resumen sale del texto de la publicación:
music-no-caption = Este solo tiene música, y vino sin texto.
silent = Este viene sin sonido. El resumen sale del texto de la publicación:
silent-no-caption = Este viene sin sonido y sin texto.
picture-caption = Del texto de la publicación:
nothing-said = No encontré voz ni texto aquí.
unsure = El audio se oía mal (transcripción dudosa); revisa antes de confiar.
credit = Por @{ $author }
file-link = El video completo queda aquí hasta { $until }: { $url }
preview = El video no cabe aquí ni comprimido; va una vista previa sin sonido.
too-big = El video no cabe aquí ni comprimido; queda el resumen.
no-file = El video no se dejó convertir aquí; queda el resumen.
picture-too-big = Una de las imágenes no cupo aquí; las demás están arriba.

## When it does not work: what happened, then what to do
failed-private = Esa cuenta es privada. Comparte el reel directamente conmigo y lo puedo abrir.
failed-removed = Esa publicación fue borrada o ya no está. Si todavía la ves, compártela directamente conmigo.
failed-login_required = Instagram solo muestra esa publicación a quien inició sesión. Comparte el reel directamente conmigo y lo puedo abrir.
failed-rate_limited = Instagram me está pidiendo calma. Inténtalo en una hora, o comparte el reel directamente conmigo.
failed-geo = Ese video no se ve en el país donde funciono. Si tú lo ves, compártelo directamente conmigo.
failed-network = No pude descargar el video: la conexión se cortó varias veces. Mándamelo de nuevo en un rato, o comparte el reel directamente conmigo.
failed-too_large = Ese video es demasiado grande para mí. Mándame un fragmento más corto, o el enlace de otra publicación.
failed-too_long = Ese video es demasiado largo para mí. Mándame uno de hasta { $minutes } minutos.
failed-not_a_video = En ese enlace no hay video ni imagen que yo pueda abrir. Revisa que sea un reel o una publicación.
failed-ambiguous = No pude abrirlo: puede ser privado, borrado o restringido. Comparte el reel directamente conmigo, suele funcionar.
failed-bad_link = Ese enlace no lleva a una publicación de Instagram. Cópialo de nuevo desde el botón de compartir.
failed-hostile = Ese archivo no parece un video común, así que no lo abrí. Prueba con otro, o mándame el enlace de la publicación.
failed-misconfigured = Tuve un problema de mi lado. Ya quedó anotado; inténtalo más tarde.
failed-picture = Eso es una imagen, y yo necesito un video o un audio. También sirven reels y publicaciones.
failed-internal = Algo salió mal de mi lado y no pude terminar este. Inténtalo más tarde; no cuenta en tu límite.

## The first words
help-more = También entiendo: historial, «busca el del pan», límite, idioma, transcripción, solo el audio, resumen en inglés, otra vez, baja y olvídame.
help-more-telegram = También entiendo /historial, /buscar, /cuota, /idioma, /baja y /olvidar, o lo mismo en palabras: «busca el del pan», «resumen en inglés», «solo el audio».
help-telegram = ¡Hola! Mándame el enlace de un reel o una publicación de Instagram y te devuelvo el video con un resumen de lo que dice. También sirven videos y audios enviados o reenviados directamente.
help-group = En este grupo solo respondo cuando me llaman: menciónanme junto al enlace, o respondan a un mensaje mío.
welcome = ¡Qué bueno verte por aquí! Mándame un reel o una publicación de Instagram, lo veo y te cuento lo que dice.

## The queue and the steps of the work
queued =
    { $n ->
        [1] Eres el siguiente de la fila, { $wait }.
       *[other] Eres el { $place } de la fila, { $wait }.
    }
queued-no-time =
    { $n ->
        [1] Eres el siguiente de la fila.
       *[other] Eres el { $place } de la fila.
    }
about-seconds =
    { $n ->
        [one] cerca de 1 segundo
       *[other] unos { $n } segundos
    }
about-minutes =
    { $n ->
        [one] cerca de 1 minuto
       *[other] unos { $n } minutos
    }
step-downloading = Descargando el video…
step-downloading-part = Descargando el video: { $percent } %
step-transcribing = Escuchando y transcribiendo…
step-transcribing-part = Transcribiendo: { $percent } %
step-summarising = Escribiendo el resumen…
step-fitting = Ajustando el video para que quepa aquí…
step-fitting-part = Ajustando el video para que quepa aquí: { $percent } %
step-sending = Enviándotelo…
step-shared = Ese ya lo estoy viendo para otra persona; te lo mando en cuanto salga.
video-follows = El video llega en un momento.

## Choices; titles have at most 20 characters
choice-transcript = Ver transcripción
choice-audio = Solo el audio
choice-in-portuguese = En portugués
choice-in-english = En inglés
choice-in-spanish = En español
choice-try-again = Intentar de nuevo
choice-help = Ayuda
choice-find = Buscar un video
choice-quota = Cuántos me quedan
choice-history = Mis videos
choice-language = Cambiar idioma
choice-stop = Darme de baja
choice-start = Volver
choice-forget = Olvídame
language-portuguese = Português
language-english = English
language-spanish = Español

## Questions to begin with; at most 80 characters
first-how = ¿Cómo funcionas?
first-history = ¿Qué te he mandado?
first-find = Buscar un video que ya te mandé
first-quota = ¿Cuántos puedo mandar todavía hoy?

## More of an answer that was given
more-of-this = ¿Quieres algo más de este?
transcript = Transcripción
transcript-of = Transcripción de @{ $author }
transcript-unsure = El audio se oía mal: algunas palabras pueden estar equivocadas.
transcript-empty = No escuché hablar a nadie en este, así que no hay nada que transcribir.
audio = Solo el audio.
audio-of = Solo el audio, de @{ $author }
audio-none = Este video no tiene sonido.
file-gone = Ese archivo ya no lo guardo. Mándame el enlace de nuevo y lo busco.
not-yours = Ese lo pidió otra persona. Mándame el enlace y lo veo para ti también.
still-working = Ese todavía está en camino; ya te lo mando.
tap-unknown = Ese botón ya no sirve. Mándame el enlace de nuevo.
nothing-yet = Todavía no tengo ningún video tuyo. Mándame primero un reel o una publicación.
cannot-translate = Estoy en modo sin conexión: solo cito fragmentos, en el idioma en que se dijeron.
again-now = Lo intento de nuevo.
again-nothing = No tengo nada que intentar de nuevo. Mándame el enlace y empiezo de cero.

## What is left, what was sent, what is looked for
quota-left =
    { $left ->
        [0] Ya usaste tus { $limit } de hoy. Vuelvo a contar a medianoche, dentro de { $wait }.
        [one] Te queda 1 de { $limit } hoy. Vuelvo a contar a medianoche, dentro de { $wait }.
       *[other] Te quedan { $left } de { $limit } hoy. Vuelvo a contar a medianoche, dentro de { $wait }.
    }
history-header = Tus últimos videos:
history-entry = • { $title } — @{ $author }, { $date }
history-entry-anonymous = • { $title } — { $date }
history-empty = Todavía no me has mandado nada. Empieza con un reel o una publicación.
untitled = Sin título
found =
    { $n ->
        [one] Es este:
       *[other] Son estos { $n }:
    }
found-at = en { $moment }: «{ $excerpt }»
found-in-caption = en el texto: «{ $excerpt }»
found-nothing = No encontré «{ $query }» en los videos que me mandaste. Prueba con una palabra que se dijo en él, o con el nombre de quien lo publicó.
find-what = ¿Qué busco? Escríbelo así: «busca el del pan».

## Language, stopping, starting, forgetting
language-which = Hablo portugués, inglés y español. ¿Cuál prefieres?
language-now = Listo, desde ahora te hablo en español.
stopped = De acuerdo, no te mando nada más. Si cambias de idea, escribe «volver».
stopped-telegram = De acuerdo, no te mando nada más. Si cambias de idea, manda /start.
started-again = ¡Volví! Mándame un reel o una publicación.
forgotten = Borré todo lo que tenía tuyo: mensajes, pedidos, transcripciones, videos y búsquedas. Solo queda la cuenta de hoy, hasta la medianoche. Si me escribes de nuevo, empezamos de cero.
forgotten-group = Borré todo lo que tenía de esta conversación: mensajes, pedidos, transcripciones, videos y búsquedas. Solo queda la cuenta de hoy, hasta la medianoche. Si me llaman de nuevo, empezamos de cero.

## The list of commands, as Telegram shows it
command-help = Cómo funciono
command-find = Buscar un video que ya mandaste
command-history = Tus últimos videos
command-quota = Cuántos quedan hoy
command-language = Portugués, inglés o español
command-start = Empezar o volver
command-stop = No recibir nada más
command-forget = Borrar todo lo que sé de ti

## When it does not work, where sharing means sending the file itself
failed-private-telegram = Esa cuenta es privada. Si tú ves el reel, guarda el video y mándame el archivo aquí.
failed-removed-telegram = Esa publicación fue borrada o ya no está. Si tienes el video, mándame el archivo aquí.
failed-login_required-telegram = Instagram solo muestra esa publicación a quien inició sesión. Guarda el video y mándame el archivo aquí, y lo puedo abrir.
failed-rate_limited-telegram = Instagram me está pidiendo calma. Inténtalo en una hora, o mándame aquí el archivo del video.
failed-geo-telegram = Ese video no se ve en el país donde funciono. Si tú lo ves, guárdalo y mándame el archivo aquí.
failed-network-telegram = No pude descargar el video: la conexión se cortó varias veces. Inténtalo en un rato, o mándame el archivo aquí.
failed-ambiguous-telegram = No pude abrirlo: puede ser privado, borrado o restringido. Si tú lo ves, guarda el video y mándame el archivo aquí.
file-over-limit = Telegram solo me deja descargar archivos de hasta { $limit } MB, y este es más grande. Mándame el enlace de la publicación, o un fragmento más corto.
unsupported-story-telegram = No puedo abrir enlaces de historias. Guarda el video y mándame el archivo, o mándame un reel o una publicación.
