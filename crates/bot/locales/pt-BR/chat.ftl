# What a person reads in the chat. Written first, by ear; en and es follow its tone.

## Signs of life
received = Recebi! Estou assistindo pra você.
received-audio = Recebi! Estou ouvindo pra você.
part-of = { $n } de { $of }

## Conversation
help = Oi! Me mande um reel ou um post do Instagram (compartilhe aqui ou cole o link) que eu devolvo o vídeo com um resumo do que ele diz. Áudio e vídeo enviados direto também valem.
too-many-links =
    { $left ->
        [one] Fico com os { $taken } primeiros por enquanto; falta 1. Me mande de novo quando eu terminar.
       *[other] Fico com os { $taken } primeiros por enquanto; faltam { $left }. Me mande de novo quando eu terminar.
    }
quota-used = Você já usou seus { $limit } de hoje. Volto a contar à meia-noite, daqui a { $wait }.
quota-partly =
    { $left ->
        [one] Seu limite de hoje ({ $limit }) acabou no meio: fica 1 de fora. Volto a contar à meia-noite, daqui a { $wait }.
       *[other] Seu limite de hoje ({ $limit }) acabou no meio: ficam { $left } de fora. Volto a contar à meia-noite, daqui a { $wait }.
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
unsupported-profile = Isso é o link de um perfil. Me mande um reel ou um post dele que eu vejo.
unsupported-hashtag = Isso é o link de uma hashtag. Escolha um reel ou um post de lá e me mande.
unsupported-story = Link de story eu não consigo abrir. Me mande um reel ou um post, ou o próprio vídeo.
unsupported-message = Essa mensagem eu não consigo abrir. Me mande um reel, um post, um vídeo ou um áudio.

## The answer
excerpts = Trechos principais (modo offline):
caption-only = Desta vez não ouvi o áudio; o resumo vem da legenda:
music-only = Só tem música nesse. O resumo vem da legenda:
music-no-caption = Só tem música nesse, e ele veio sem legenda.
silent = Esse vem sem som. O resumo vem da legenda:
silent-no-caption = Esse vem sem som e sem legenda.
picture-caption = Da legenda:
nothing-said = Não achei fala nem legenda aqui.
unsure = O áudio estava difícil (transcrição incerta); confira antes de confiar.
credit = Por @{ $author }
file-link = O vídeo inteiro fica aqui até { $until }: { $url }
preview = O vídeo não cabe aqui nem comprimido; vai uma prévia sem som.
too-big = O vídeo não cabe aqui nem comprimido; fica o resumo.
no-file = O vídeo não se deixou converter aqui; fica o resumo.
picture-too-big = Uma das imagens não coube aqui; o resto está acima.

## When it does not work: what happened, then what to do
failed-private = Essa conta é privada. Compartilhe o reel direto comigo que eu consigo abrir.
failed-removed = Esse post foi apagado ou saiu do ar. Se você ainda o vê, compartilhe direto comigo.
failed-login_required = O Instagram só mostra esse post para quem está logado. Compartilhe o reel direto comigo que eu consigo abrir.
failed-rate_limited = O Instagram está me pedindo calma agora. Tente de novo em uma hora, ou compartilhe o reel direto comigo.
failed-geo = Esse vídeo não passa no país onde eu rodo. Se você consegue ver, compartilhe direto comigo.
failed-network = Não consegui baixar o vídeo: a conexão caiu algumas vezes. Me mande de novo daqui a pouco, ou compartilhe o reel direto comigo.
failed-too_large = Esse vídeo é grande demais para mim. Me mande um trecho mais curto, ou o link de outro post.
failed-too_long = Esse vídeo é longo demais para mim. Me mande um de até { $minutes } minutos.
failed-not_a_video = Não tem vídeo nem imagem que eu consiga abrir nesse link. Confira se é um reel ou um post.
failed-ambiguous = Não consegui abrir: pode ser privado, apagado ou restrito. Compartilhe o reel direto comigo que costuma dar certo.
failed-bad_link = Esse link não abre um post do Instagram. Copie de novo pelo botão de compartilhar.
failed-hostile = Esse arquivo não parece um vídeo comum, então não abri. Tente outro, ou me mande o link do post.
failed-misconfigured = Tive um problema aqui do meu lado. Já está anotado; tente de novo mais tarde.
failed-picture = Isso é uma imagem, e eu preciso de um vídeo ou de um áudio. Reels e posts também valem.
failed-internal = Algo deu errado aqui do meu lado e esse eu não consegui terminar. Tente de novo mais tarde; não conta no seu limite.

## The first words
help-more = Também entendo: histórico, “acha aquele do pão”, limite, idioma, transcrição, só o áudio, resumo em inglês, tenta de novo, parar e esqueça de mim.
help-more-telegram = Também entendo /historico, /buscar, /cota, /idioma, /parar e /esquecer, ou isso em palavras: “acha aquele do pão”, “resumo em inglês”, “só o áudio”.
help-telegram = Oi! Me mande o link de um reel ou de um post do Instagram que eu devolvo o vídeo com um resumo do que ele diz. Vídeo e áudio enviados ou encaminhados direto também valem.
help-group = Neste grupo eu só respondo quando me chamam: me mencione junto do link, ou responda a uma mensagem minha.
welcome = Que bom te ver por aqui! Me mande um reel ou um post do Instagram que eu assisto e te conto o que ele diz.

## The queue and the steps of the work
queued =
    { $n ->
        [1] Você é o próximo da fila, { $wait }.
       *[other] Você é o { $place } da fila, { $wait }.
    }
queued-no-time =
    { $n ->
        [1] Você é o próximo da fila.
       *[other] Você é o { $place } da fila.
    }
about-seconds =
    { $n ->
        [one] cerca de 1 segundo
       *[other] uns { $n } segundos
    }
about-minutes =
    { $n ->
        [one] cerca de 1 minuto
       *[other] uns { $n } minutos
    }
step-downloading = Baixando o vídeo…
step-downloading-part = Baixando o vídeo: { $percent }%
step-transcribing = Ouvindo e transcrevendo…
step-transcribing-part = Transcrevendo: { $percent }%
step-summarising = Escrevendo o resumo…
step-fitting = Ajustando o vídeo para caber aqui…
step-fitting-part = Ajustando o vídeo para caber aqui: { $percent }%
step-sending = Enviando…
step-shared = Esse já está sendo visto para outra pessoa; te mando assim que sair.
video-follows = O vídeo vem já já.

## Choices; titles have at most 20 characters
choice-transcript = Transcrição completa
choice-audio = Só o áudio
choice-in-portuguese = Em português
choice-in-english = Em inglês
choice-in-spanish = Em espanhol
choice-try-again = Tentar de novo
choice-help = Ajuda
choice-find = Procurar um vídeo
choice-quota = Quantos ainda tenho
choice-history = Meus vídeos
choice-language = Mudar idioma
choice-stop = Parar
choice-start = Voltar
choice-forget = Esqueça de mim
language-portuguese = Português
language-english = English
language-spanish = Español

## Questions to begin with; at most 80 characters
first-how = Como você funciona?
first-history = O que eu já te mandei?
first-find = Procurar um vídeo que eu já te mandei
first-quota = Quantos ainda posso mandar hoje?

## More of an answer that was given
more-of-this = Quer mais desse?
transcript = Transcrição
transcript-of = Transcrição de @{ $author }
transcript-unsure = O áudio estava difícil: algumas palavras podem estar erradas.
transcript-empty = Não ouvi ninguém falar nesse, então não tem o que transcrever.
audio = Só o áudio.
audio-of = Só o áudio, de @{ $author }
audio-none = Esse vídeo não tem som.
file-gone = Esse arquivo eu já não guardo. Me mande o link de novo que eu busco.
not-yours = Esse pedido é de outra pessoa. Me mande o link que eu vejo para você também.
still-working = Esse ainda está a caminho; já te mando.
tap-unknown = Esse botão já não vale. Me mande o link de novo.
nothing-yet = Ainda não tenho nenhum vídeo seu. Me mande um reel ou um post primeiro.
cannot-translate = Estou no modo offline: só cito trechos, na língua em que foram ditos.
again-now = Vou tentar de novo.
again-nothing = Não tenho nada para tentar de novo. Me mande o link que eu começo do zero.

## What is left, what was sent, what is looked for
quota-left =
    { $left ->
        [0] Você já usou seus { $limit } de hoje. Volto a contar à meia-noite, daqui a { $wait }.
        [one] Ainda resta 1 de { $limit } hoje. Volto a contar à meia-noite, daqui a { $wait }.
       *[other] Ainda restam { $left } de { $limit } hoje. Volto a contar à meia-noite, daqui a { $wait }.
    }
history-header = Seus últimos vídeos:
history-entry = • { $title } — @{ $author }, { $date }
history-entry-anonymous = • { $title } — { $date }
history-empty = Você ainda não me mandou nada. Comece por um reel ou um post.
untitled = Sem título
found =
    { $n ->
        [one] Achei este:
       *[other] Achei estes { $n }:
    }
found-at = aos { $moment }: “{ $excerpt }”
found-in-caption = na legenda: “{ $excerpt }”
found-nothing = Não achei “{ $query }” nos vídeos que você me mandou. Tente com uma palavra que foi dita nele, ou com o nome de quem postou.
find-what = O que eu procuro? Escreva assim: “acha aquele do pão”.

## Language, stopping, starting, forgetting
language-which = Falo português, inglês e espanhol. Qual você prefere?
language-now = Pronto, agora falo português com você.
stopped = Tudo certo, não te mando mais nada. Se mudar de ideia, escreva “voltar”.
stopped-telegram = Tudo certo, não te mando mais nada. Se mudar de ideia, mande /start.
started-again = Voltei! Pode mandar um reel ou um post.
forgotten = Apaguei tudo o que eu tinha seu: mensagens, pedidos, transcrições, vídeos e buscas. Fica só a contagem de hoje, até a meia-noite. Se me escrever de novo, começamos do zero.
forgotten-group = Apaguei tudo o que eu tinha desta conversa: mensagens, pedidos, transcrições, vídeos e buscas. Fica só a contagem de hoje, até a meia-noite. Se me chamarem de novo, começamos do zero.

## The list of commands, as Telegram shows it
command-help = Como eu funciono
command-find = Procurar um vídeo que você já mandou
command-history = Seus últimos vídeos
command-quota = Quantos ainda restam hoje
command-language = Português, inglês ou espanhol
command-start = Começar ou voltar
command-stop = Não receber mais nada
command-forget = Apagar tudo o que eu sei de você

## When it does not work, where sharing means sending the file itself
failed-private-telegram = Essa conta é privada. Se você consegue ver o reel, salve o vídeo e me mande o arquivo aqui.
failed-removed-telegram = Esse post foi apagado ou saiu do ar. Se você tem o vídeo, me mande o arquivo aqui.
failed-login_required-telegram = O Instagram só mostra esse post para quem está logado. Salve o vídeo e me mande o arquivo aqui que eu consigo abrir.
failed-rate_limited-telegram = O Instagram está me pedindo calma agora. Tente de novo em uma hora, ou me mande aqui o arquivo do vídeo.
failed-geo-telegram = Esse vídeo não passa no país onde eu rodo. Se você consegue ver, salve e me mande o arquivo aqui.
failed-network-telegram = Não consegui baixar o vídeo: a conexão caiu algumas vezes. Tente de novo daqui a pouco, ou me mande o arquivo aqui.
failed-ambiguous-telegram = Não consegui abrir: pode ser privado, apagado ou restrito. Se você consegue ver, salve o vídeo e me mande o arquivo aqui.
file-over-limit = O Telegram só me deixa baixar arquivos de até { $limit } MB, e esse passa disso. Me mande o link do post, ou um trecho mais curto.
unsupported-story-telegram = Link de story eu não consigo abrir. Salve o vídeo e me mande o arquivo, ou me mande um reel ou um post.
