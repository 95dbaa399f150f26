--
-- PostgreSQL database dump
--

\restrict S6llzILrxSeEqhIIHsbROxUXFEeYCdiwsRZJHESKAepk4afx02Fz9ohV4dyY9ss

-- Dumped from database version 17.10
-- Dumped by pg_dump version 17.11 (Debian 17.11-0+deb13u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: Empty one; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."Empty one" (
    a integer
);


--
-- Name: t; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.t (
    id integer NOT NULL,
    v text,
    n numeric,
    doc oid
);


--
-- Name: m; Type: MATERIALIZED VIEW; Schema: public; Owner: -
--

CREATE MATERIALIZED VIEW public.m AS
 SELECT count(*) AS n
   FROM public.t
  WITH NO DATA;


--
-- Name: refers; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.refers (
    t_id integer,
    note text
);


--
-- Name: s; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.s
    START WITH 5
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Data for Name: Empty one; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public."Empty one" (a) FROM stdin;
\.


--
-- Data for Name: refers; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.refers (t_id, note) FROM stdin;
1	c4ca4238a0b923820dcc509a6f75849b
2	c81e728d9d4c2f636f067f89cc14862c
3	eccbc87e4b5ce2fe28308fd9f2a7baf3
4	a87ff679a2f3e71d9181a67b7542122c
5	e4da3b7fbbce2345d7772b0674a318d5
6	1679091c5a880faf6fb5e6087eb1b2dc
7	8f14e45fceea167a5a36dedd4bea2543
8	c9f0f895fb98ab9159f51fd0297e236d
9	45c48cce2e2d7fbdea1afc51c7c6ad26
10	d3d9446802a44259755d38e6d163e820
11	6512bd43d9caa6e02c990b0a82652dca
12	c20ad4d76fe97759aa27a0c99bff6710
13	c51ce410c124a10e0db5e4b97fc2af39
14	aab3238922bcc25a6f606eb525ffdc56
15	9bf31c7ff062936a96d3c8bd1f8f2ff3
16	c74d97b01eae257e44aa9d5bade97baf
17	70efdf2ec9b086079795c442636b55fb
18	6f4922f45568161a8cdf4ad2299f6d23
19	1f0e3dad99908345f7439f8ffabdffc4
20	98f13708210194c475687be6106a3b84
21	3c59dc048e8850243be8079a5c74d079
22	b6d767d2f8ed5d21a44b0e5886680cb9
23	37693cfc748049e45d87b8c7d8b9aacd
24	1ff1de774005f8da13f42943881c655f
25	8e296a067a37563370ded05f5a3bf3ec
26	4e732ced3463d06de0ca9a15b6153677
27	02e74f10e0327ad868d138f2b4fdd6f0
28	33e75ff09dd601bbe69f351039152189
29	6ea9ab1baa0efb9e19094440c317e21b
30	34173cb38f07f89ddbebc2ac9128303f
31	c16a5320fa475530d9583c34fd356ef5
32	6364d3f0f495b6ab9dcf8d3b5c6e0b01
33	182be0c5cdcd5072bb1864cdee4d3d6e
34	e369853df766fa44e1ed0ff613f563bd
35	1c383cd30b7c298ab50293adfecb7b18
36	19ca14e7ea6328a42e0eb13d585e4c22
37	a5bfc9e07964f8dddeb95fc584cd965d
38	a5771bce93e200c36f7cd9dfd0e5deaa
39	d67d8ab4f4c10bf22aa353e27879133c
40	d645920e395fedad7bbbed0eca3fe2e0
41	3416a75f4cea9109507cacd8e2f2aefc
42	a1d0c6e83f027327d8461063f4ac58a6
43	17e62166fc8586dfa4d1bc0e1742c08b
44	f7177163c833dff4b38fc8d2872f1ec6
45	6c8349cc7260ae62e3b1396831a8398f
46	d9d4f495e875a2e075a1a4a6e1b9770f
47	67c6a1e7ce56d3d6fa748ab6d9af3fd7
48	642e92efb79421734881b53e1e1b18b6
49	f457c545a9ded88f18ecee47145a72c0
50	c0c7c76d30bd3dcaefc96f40275bdc0a
51	2838023a778dfaecdc212708f721b788
52	9a1158154dfa42caddbd0694a4e9bdc8
53	d82c8d1619ad8176d665453cfb2e55f0
54	a684eceee76fc522773286a895bc8436
55	b53b3a3d6ab90ce0268229151c9bde11
56	9f61408e3afb633e50cdf1b20de6f466
57	72b32a1f754ba1c09b3695e0cb6cde7f
58	66f041e16a60928b05a7e228a89c3799
59	093f65e080a295f8076b1c5722a46aa2
60	072b030ba126b2f4b2374f342be9ed44
61	7f39f8317fbdb1988ef4c628eba02591
62	44f683a84163b3523afe57c2e008bc8c
63	03afdbd66e7929b125f8597834fa83a4
64	ea5d2f1c4608232e07d3aa3d998e5135
65	fc490ca45c00b1249bbe3554a4fdf6fb
66	3295c76acbf4caaed33c36b1b5fc2cb1
67	735b90b4568125ed6c3f678819b6e058
68	a3f390d88e4c41f2747bfa2f1b5f87db
69	14bfa6bb14875e45bba028a21ed38046
70	7cbbc409ec990f19c78c75bd1e06f215
71	e2c420d928d4bf8ce0ff2ec19b371514
72	32bb90e8976aab5298d5da10fe66f21d
73	d2ddea18f00665ce8623e36bd4e3c7c5
74	ad61ab143223efbc24c7d2583be69251
75	d09bf41544a3365a46c9077ebb5e35c3
76	fbd7939d674997cdb4692d34de8633c4
77	28dd2c7955ce926456240b2ff0100bde
78	35f4a8d465e6e1edc05f3d8ab658c551
79	d1fe173d08e959397adf34b1d77e88d7
80	f033ab37c30201f73f142449d037028d
81	43ec517d68b6edd3015b3edc9a11367b
82	9778d5d219c5080b9a6a17bef029331c
83	fe9fc289c3ff0af142b6d3bead98a923
84	68d30a9594728bc39aa24be94b319d21
85	3ef815416f775098fe977004015c6193
86	93db85ed909c13838ff95ccfa94cebd9
87	c7e1249ffc03eb9ded908c236bd1996d
88	2a38a4a9316c49e5a833517c45d31070
89	7647966b7343c29048673252e490f736
90	8613985ec49eb8f757ae6439e879bb2a
91	54229abfcfa5649e7003b83dd4755294
92	92cc227532d17e56e07902b254dfad10
93	98dce83da57b0395e163467c9dae521b
94	f4b9ec30ad9f68f89b29639786cb62ef
95	812b4ba287f5ee0bc9d43bbf5bbe87fb
96	26657d5ff9020d2abefe558796b99584
97	e2ef524fbf3d9fe611d5a8e90fefdc9c
98	ed3d2c21991e3bef5e069713af9fa6ca
99	ac627ab1ccbdb62ec96e702f07f6425b
100	f899139df5e1059396431415e770c6dd
\.


--
-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.t (id, v, n, doc) FROM stdin;
1	a\t\\.	0.14285714285714285714	\N
2	xx	0.28571428571428571429	\N
3	\N	0.42857142857142857143	\N
4	a\t\\.	0.57142857142857142857	\N
5	xxxxx	0.71428571428571428571	\N
6	\N	0.85714285714285714286	\N
7	a\t\\.	1.00000000000000000000	\N
8	xxxxxxxx	1.1428571428571429	\N
9	\N	1.2857142857142857	\N
10	a\t\\.	1.4285714285714286	\N
11	xxxxxxxxxxx	1.5714285714285714	\N
12	\N	1.7142857142857143	\N
13	a\t\\.	1.8571428571428571	\N
14	xxxxxxxxxxxxxx	2.0000000000000000	\N
15	\N	2.1428571428571429	\N
16	a\t\\.	2.2857142857142857	\N
17	xxxxxxxxxxxxxxxxx	2.4285714285714286	\N
18	\N	2.5714285714285714	\N
19	a\t\\.	2.7142857142857143	\N
20	xxxxxxxxxxxxxxxxxxxx	2.8571428571428571	\N
21	\N	3.0000000000000000	\N
22	a\t\\.	3.1428571428571429	\N
23	xxxxxxxxxxxxxxxxxxxxxxx	3.2857142857142857	\N
24	\N	3.4285714285714286	\N
25	a\t\\.	3.5714285714285714	\N
26	xxxxxxxxxxxxxxxxxxxxxxxxxx	3.7142857142857143	\N
27	\N	3.8571428571428571	\N
28	a\t\\.	4.0000000000000000	\N
29	xxxxxxxxxxxxxxxxxxxxxxxxxxxxx	4.1428571428571429	\N
30	\N	4.2857142857142857	\N
31	a\t\\.	4.4285714285714286	\N
32	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	4.5714285714285714	\N
33	\N	4.7142857142857143	\N
34	a\t\\.	4.8571428571428571	\N
35	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	5.0000000000000000	\N
36	\N	5.1428571428571429	\N
37	a\t\\.	5.2857142857142857	\N
38	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	5.4285714285714286	\N
39	\N	5.5714285714285714	\N
40	a\t\\.	5.7142857142857143	\N
41	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	5.8571428571428571	\N
42	\N	6.0000000000000000	\N
43	a\t\\.	6.1428571428571429	\N
44	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	6.2857142857142857	\N
45	\N	6.4285714285714286	\N
46	a\t\\.	6.5714285714285714	\N
47	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	6.7142857142857143	\N
48	\N	6.8571428571428571	\N
49	a\t\\.	7.0000000000000000	\N
50	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	7.1428571428571429	\N
51	\N	7.2857142857142857	\N
52	a\t\\.	7.4285714285714286	\N
53	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	7.5714285714285714	\N
54	\N	7.7142857142857143	\N
55	a\t\\.	7.8571428571428571	\N
56	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	8.0000000000000000	\N
57	\N	8.1428571428571429	\N
58	a\t\\.	8.2857142857142857	\N
59	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	8.4285714285714286	\N
60	\N	8.5714285714285714	\N
61	a\t\\.	8.7142857142857143	\N
62	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	8.8571428571428571	\N
63	\N	9.0000000000000000	\N
64	a\t\\.	9.1428571428571429	\N
65	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	9.2857142857142857	\N
66	\N	9.4285714285714286	\N
67	a\t\\.	9.5714285714285714	\N
68	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	9.7142857142857143	\N
69	\N	9.8571428571428571	\N
70	a\t\\.	10.0000000000000000	\N
71	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	10.1428571428571429	\N
72	\N	10.2857142857142857	\N
73	a\t\\.	10.4285714285714286	\N
74	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	10.5714285714285714	\N
75	\N	10.7142857142857143	\N
76	a\t\\.	10.8571428571428571	\N
77	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	11.0000000000000000	\N
78	\N	11.1428571428571429	\N
79	a\t\\.	11.2857142857142857	\N
80	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	11.4285714285714286	\N
81	\N	11.5714285714285714	\N
82	a\t\\.	11.7142857142857143	\N
83	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	11.8571428571428571	\N
84	\N	12.0000000000000000	\N
85	a\t\\.	12.1428571428571429	\N
86	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	12.2857142857142857	\N
87	\N	12.4285714285714286	\N
88	a\t\\.	12.5714285714285714	\N
89	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	12.7142857142857143	\N
90	\N	12.8571428571428571	\N
91	a\t\\.	13.0000000000000000	\N
92	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	13.1428571428571429	\N
93	\N	13.2857142857142857	\N
94	a\t\\.	13.4285714285714286	\N
95	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	13.5714285714285714	\N
96	\N	13.7142857142857143	\N
97	a\t\\.	13.8571428571428571	\N
98	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	14.0000000000000000	\N
99	\N	14.1428571428571429	\N
100	a\t\\.	14.2857142857142857	\N
101	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	14.4285714285714286	\N
102	\N	14.5714285714285714	\N
103	a\t\\.	14.7142857142857143	\N
104	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	14.8571428571428571	\N
105	\N	15.0000000000000000	\N
106	a\t\\.	15.1428571428571429	\N
107	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	15.2857142857142857	\N
108	\N	15.4285714285714286	\N
109	a\t\\.	15.5714285714285714	\N
110	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	15.7142857142857143	\N
111	\N	15.8571428571428571	\N
112	a\t\\.	16.0000000000000000	\N
113	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	16.1428571428571429	\N
114	\N	16.2857142857142857	\N
115	a\t\\.	16.4285714285714286	\N
116	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	16.5714285714285714	\N
117	\N	16.7142857142857143	\N
118	a\t\\.	16.8571428571428571	\N
119	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	17.0000000000000000	\N
120	\N	17.1428571428571429	\N
121	a\t\\.	17.2857142857142857	\N
122	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	17.4285714285714286	\N
123	\N	17.5714285714285714	\N
124	a\t\\.	17.7142857142857143	\N
125	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	17.8571428571428571	\N
126	\N	18.0000000000000000	\N
127	a\t\\.	18.1428571428571429	\N
128	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	18.2857142857142857	\N
129	\N	18.4285714285714286	\N
130	a\t\\.	18.5714285714285714	\N
131	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	18.7142857142857143	\N
132	\N	18.8571428571428571	\N
133	a\t\\.	19.0000000000000000	\N
134	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	19.1428571428571429	\N
135	\N	19.2857142857142857	\N
136	a\t\\.	19.4285714285714286	\N
137	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	19.5714285714285714	\N
138	\N	19.7142857142857143	\N
139	a\t\\.	19.8571428571428571	\N
140	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	20.0000000000000000	\N
141	\N	20.1428571428571429	\N
142	a\t\\.	20.2857142857142857	\N
143	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	20.4285714285714286	\N
144	\N	20.5714285714285714	\N
145	a\t\\.	20.7142857142857143	\N
146	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	20.8571428571428571	\N
147	\N	21.0000000000000000	\N
148	a\t\\.	21.1428571428571429	\N
149	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	21.2857142857142857	\N
150	\N	21.4285714285714286	\N
151	a\t\\.	21.5714285714285714	\N
152	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	21.7142857142857143	\N
153	\N	21.8571428571428571	\N
154	a\t\\.	22.0000000000000000	\N
155	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	22.1428571428571429	\N
156	\N	22.2857142857142857	\N
157	a\t\\.	22.4285714285714286	\N
158	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	22.5714285714285714	\N
159	\N	22.7142857142857143	\N
160	a\t\\.	22.8571428571428571	\N
161	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	23.0000000000000000	\N
162	\N	23.1428571428571429	\N
163	a\t\\.	23.2857142857142857	\N
164	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	23.4285714285714286	\N
165	\N	23.5714285714285714	\N
166	a\t\\.	23.7142857142857143	\N
167	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	23.8571428571428571	\N
168	\N	24.0000000000000000	\N
169	a\t\\.	24.1428571428571429	\N
170	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	24.2857142857142857	\N
171	\N	24.4285714285714286	\N
172	a\t\\.	24.5714285714285714	\N
173	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	24.7142857142857143	\N
174	\N	24.8571428571428571	\N
175	a\t\\.	25.0000000000000000	\N
176	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	25.1428571428571429	\N
177	\N	25.2857142857142857	\N
178	a\t\\.	25.4285714285714286	\N
179	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	25.5714285714285714	\N
180	\N	25.7142857142857143	\N
181	a\t\\.	25.8571428571428571	\N
182	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	26.0000000000000000	\N
183	\N	26.1428571428571429	\N
184	a\t\\.	26.2857142857142857	\N
185	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	26.4285714285714286	\N
186	\N	26.5714285714285714	\N
187	a\t\\.	26.7142857142857143	\N
188	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	26.8571428571428571	\N
189	\N	27.0000000000000000	\N
190	a\t\\.	27.1428571428571429	\N
191	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	27.2857142857142857	\N
192	\N	27.4285714285714286	\N
193	a\t\\.	27.5714285714285714	\N
194	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	27.7142857142857143	\N
195	\N	27.8571428571428571	\N
196	a\t\\.	28.0000000000000000	\N
197	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	28.1428571428571429	\N
198	\N	28.2857142857142857	\N
199	a\t\\.	28.4285714285714286	\N
200	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	28.5714285714285714	\N
\.


--
-- Name: s; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.s', 5, true);


--
-- Name: 105..106; Type: BLOB METADATA; Schema: -; Owner: -
--

SELECT pg_catalog.lo_create('105');
SELECT pg_catalog.lo_create('106');

--
-- Name: 110; Type: BLOB METADATA; Schema: -; Owner: -
--

SELECT pg_catalog.lo_create('110');

--
-- Name: 99..120; Type: BLOB METADATA; Schema: -; Owner: -
--

SELECT pg_catalog.lo_create('99');
SELECT pg_catalog.lo_create('101');
SELECT pg_catalog.lo_create('102');
SELECT pg_catalog.lo_create('103');
SELECT pg_catalog.lo_create('104');
SELECT pg_catalog.lo_create('107');
SELECT pg_catalog.lo_create('108');
SELECT pg_catalog.lo_create('109');
SELECT pg_catalog.lo_create('111');
SELECT pg_catalog.lo_create('112');
SELECT pg_catalog.lo_create('113');
SELECT pg_catalog.lo_create('114');
SELECT pg_catalog.lo_create('115');
SELECT pg_catalog.lo_create('116');
SELECT pg_catalog.lo_create('117');
SELECT pg_catalog.lo_create('118');
SELECT pg_catalog.lo_create('119');
SELECT pg_catalog.lo_create('120');

--
-- Name: LARGE OBJECT 99; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON LARGE OBJECT 99 IS 'empty';


--
-- Data for Name: 105..106; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('105', 131072);
SELECT pg_catalog.lowrite(0, '\xe4da3b7fbbce2345d7772b0674a318d5e4da3b7fbbce2345d7772b0674a318d5e4da3b7fbbce2345d7772b0674a318d5e4da3b7fbbce2345d7772b0674a318d5e4da3b7fbbce2345d7772b0674a318d5');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('106', 131072);
SELECT pg_catalog.lowrite(0, '\x1679091c5a880faf6fb5e6087eb1b2dc1679091c5a880faf6fb5e6087eb1b2dc1679091c5a880faf6fb5e6087eb1b2dc1679091c5a880faf6fb5e6087eb1b2dc1679091c5a880faf6fb5e6087eb1b2dc1679091c5a880faf6fb5e6087eb1b2dc');
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- Data for Name: 110; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('110', 131072);
SELECT pg_catalog.lowrite(0, '\xd3d9446802a44259755d38e6d163e820d3d9446802a44259755d38e6d163e820d3d9446802a44259755d38e6d163e820d3d9446802a44259755d38e6d163e820d3d9446802a44259755d38e6d163e820d3d9446802a44259755d38e6d163e820d3d9446802a44259755d38e6d163e820d3d9446802a44259755d38e6d163e820d3d9446802a44259755d38e6d163e820d3d9446802a44259755d38e6d163e820');
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- Data for Name: 99..120; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('99', 131072);
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('101', 131072);
SELECT pg_catalog.lowrite(0, '\xc4ca4238a0b923820dcc509a6f75849b');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('102', 131072);
SELECT pg_catalog.lowrite(0, '\xc81e728d9d4c2f636f067f89cc14862cc81e728d9d4c2f636f067f89cc14862c');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('103', 131072);
SELECT pg_catalog.lowrite(0, '\xeccbc87e4b5ce2fe28308fd9f2a7baf3eccbc87e4b5ce2fe28308fd9f2a7baf3eccbc87e4b5ce2fe28308fd9f2a7baf3');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('104', 131072);
SELECT pg_catalog.lowrite(0, '\xa87ff679a2f3e71d9181a67b7542122ca87ff679a2f3e71d9181a67b7542122ca87ff679a2f3e71d9181a67b7542122ca87ff679a2f3e71d9181a67b7542122c');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('107', 131072);
SELECT pg_catalog.lowrite(0, '\x8f14e45fceea167a5a36dedd4bea25438f14e45fceea167a5a36dedd4bea25438f14e45fceea167a5a36dedd4bea25438f14e45fceea167a5a36dedd4bea25438f14e45fceea167a5a36dedd4bea25438f14e45fceea167a5a36dedd4bea25438f14e45fceea167a5a36dedd4bea2543');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('108', 131072);
SELECT pg_catalog.lowrite(0, '\xc9f0f895fb98ab9159f51fd0297e236dc9f0f895fb98ab9159f51fd0297e236dc9f0f895fb98ab9159f51fd0297e236dc9f0f895fb98ab9159f51fd0297e236dc9f0f895fb98ab9159f51fd0297e236dc9f0f895fb98ab9159f51fd0297e236dc9f0f895fb98ab9159f51fd0297e236dc9f0f895fb98ab9159f51fd0297e236d');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('109', 131072);
SELECT pg_catalog.lowrite(0, '\x45c48cce2e2d7fbdea1afc51c7c6ad2645c48cce2e2d7fbdea1afc51c7c6ad2645c48cce2e2d7fbdea1afc51c7c6ad2645c48cce2e2d7fbdea1afc51c7c6ad2645c48cce2e2d7fbdea1afc51c7c6ad2645c48cce2e2d7fbdea1afc51c7c6ad2645c48cce2e2d7fbdea1afc51c7c6ad2645c48cce2e2d7fbdea1afc51c7c6ad2645c48cce2e2d7fbdea1afc51c7c6ad26');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('111', 131072);
SELECT pg_catalog.lowrite(0, '\x6512bd43d9caa6e02c990b0a82652dca6512bd43d9caa6e02c990b0a82652dca6512bd43d9caa6e02c990b0a82652dca6512bd43d9caa6e02c990b0a82652dca6512bd43d9caa6e02c990b0a82652dca6512bd43d9caa6e02c990b0a82652dca6512bd43d9caa6e02c990b0a82652dca6512bd43d9caa6e02c990b0a82652dca6512bd43d9caa6e02c990b0a82652dca6512bd43d9caa6e02c990b0a82652dca6512bd43d9caa6e02c990b0a82652dca');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('112', 131072);
SELECT pg_catalog.lowrite(0, '\xc20ad4d76fe97759aa27a0c99bff6710c20ad4d76fe97759aa27a0c99bff6710c20ad4d76fe97759aa27a0c99bff6710c20ad4d76fe97759aa27a0c99bff6710c20ad4d76fe97759aa27a0c99bff6710c20ad4d76fe97759aa27a0c99bff6710c20ad4d76fe97759aa27a0c99bff6710c20ad4d76fe97759aa27a0c99bff6710c20ad4d76fe97759aa27a0c99bff6710c20ad4d76fe97759aa27a0c99bff6710c20ad4d76fe97759aa27a0c99bff6710c20ad4d76fe97759aa27a0c99bff6710');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('113', 131072);
SELECT pg_catalog.lowrite(0, '\xc51ce410c124a10e0db5e4b97fc2af39c51ce410c124a10e0db5e4b97fc2af39c51ce410c124a10e0db5e4b97fc2af39c51ce410c124a10e0db5e4b97fc2af39c51ce410c124a10e0db5e4b97fc2af39c51ce410c124a10e0db5e4b97fc2af39c51ce410c124a10e0db5e4b97fc2af39c51ce410c124a10e0db5e4b97fc2af39c51ce410c124a10e0db5e4b97fc2af39c51ce410c124a10e0db5e4b97fc2af39c51ce410c124a10e0db5e4b97fc2af39c51ce410c124a10e0db5e4b97fc2af39c51ce410c124a10e0db5e4b97fc2af39');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('114', 131072);
SELECT pg_catalog.lowrite(0, '\xaab3238922bcc25a6f606eb525ffdc56aab3238922bcc25a6f606eb525ffdc56aab3238922bcc25a6f606eb525ffdc56aab3238922bcc25a6f606eb525ffdc56aab3238922bcc25a6f606eb525ffdc56aab3238922bcc25a6f606eb525ffdc56aab3238922bcc25a6f606eb525ffdc56aab3238922bcc25a6f606eb525ffdc56aab3238922bcc25a6f606eb525ffdc56aab3238922bcc25a6f606eb525ffdc56aab3238922bcc25a6f606eb525ffdc56aab3238922bcc25a6f606eb525ffdc56aab3238922bcc25a6f606eb525ffdc56aab3238922bcc25a6f606eb525ffdc56');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('115', 131072);
SELECT pg_catalog.lowrite(0, '\x9bf31c7ff062936a96d3c8bd1f8f2ff39bf31c7ff062936a96d3c8bd1f8f2ff39bf31c7ff062936a96d3c8bd1f8f2ff39bf31c7ff062936a96d3c8bd1f8f2ff39bf31c7ff062936a96d3c8bd1f8f2ff39bf31c7ff062936a96d3c8bd1f8f2ff39bf31c7ff062936a96d3c8bd1f8f2ff39bf31c7ff062936a96d3c8bd1f8f2ff39bf31c7ff062936a96d3c8bd1f8f2ff39bf31c7ff062936a96d3c8bd1f8f2ff39bf31c7ff062936a96d3c8bd1f8f2ff39bf31c7ff062936a96d3c8bd1f8f2ff39bf31c7ff062936a96d3c8bd1f8f2ff39bf31c7ff062936a96d3c8bd1f8f2ff39bf31c7ff062936a96d3c8bd1f8f2ff3');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('116', 131072);
SELECT pg_catalog.lowrite(0, '\xc74d97b01eae257e44aa9d5bade97bafc74d97b01eae257e44aa9d5bade97bafc74d97b01eae257e44aa9d5bade97bafc74d97b01eae257e44aa9d5bade97bafc74d97b01eae257e44aa9d5bade97bafc74d97b01eae257e44aa9d5bade97bafc74d97b01eae257e44aa9d5bade97bafc74d97b01eae257e44aa9d5bade97bafc74d97b01eae257e44aa9d5bade97bafc74d97b01eae257e44aa9d5bade97bafc74d97b01eae257e44aa9d5bade97bafc74d97b01eae257e44aa9d5bade97bafc74d97b01eae257e44aa9d5bade97bafc74d97b01eae257e44aa9d5bade97bafc74d97b01eae257e44aa9d5bade97bafc74d97b01eae257e44aa9d5bade97baf');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('117', 131072);
SELECT pg_catalog.lowrite(0, '\x70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb70efdf2ec9b086079795c442636b55fb');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('118', 131072);
SELECT pg_catalog.lowrite(0, '\x6f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d236f4922f45568161a8cdf4ad2299f6d23');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('119', 131072);
SELECT pg_catalog.lowrite(0, '\x1f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc41f0e3dad99908345f7439f8ffabdffc4');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('120', 131072);
SELECT pg_catalog.lowrite(0, '\x98f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b8498f13708210194c475687be6106a3b84');
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- Name: Empty one Empty one_a_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."Empty one"
    ADD CONSTRAINT "Empty one_a_key" UNIQUE (a);


--
-- Name: t t_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.t
    ADD CONSTRAINT t_pkey PRIMARY KEY (id);


--
-- Name: refers_note_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX refers_note_idx ON public.refers USING btree (note);


--
-- Name: refers refers_t_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.refers
    ADD CONSTRAINT refers_t_id_fkey FOREIGN KEY (t_id) REFERENCES public.t(id);


--
-- Name: m; Type: MATERIALIZED VIEW DATA; Schema: public; Owner: -
--

REFRESH MATERIALIZED VIEW public.m;


--
-- PostgreSQL database dump complete
--

\unrestrict S6llzILrxSeEqhIIHsbROxUXFEeYCdiwsRZJHESKAepk4afx02Fz9ohV4dyY9ss

